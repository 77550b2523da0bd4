"""What others reached on the same data, and what was aimed at before the default network was trained."""

from __future__ import annotations

from train.paper import published

# COVID-CT's test part: slices; accuracy, F1, AUC
COVID_CT: dict[str, tuple[int, float | None, float | None, float | None]] = {
    "the paper's CNN-2 (its own cut, Italian slices among them)": (
        published.TABLE_2["Test-1"][2],
        published.TABLE_5["CNN-2"][0],
        published.TABLE_5["CNN-2"][4],
        None,
    ),
    "COVID-CT's authors: DenseNet-169, self-supervised": (203, 0.86, 0.85, 0.94),
    "COVID-CT's authors: the same, with masks of lungs and lesions": (203, 0.89, 0.90, 0.98),
}
SARS_LEFT_OUT = 0.56  # accuracy across COVID-CT and SARS-CoV-2-CT, as published

# what was aimed at
ACCURACY, AUC = 0.90, 0.96  # COVID-CT's test part, mean of three seeds
AUC_LEFT_OUT = 0.80  # mean over three sources
SARS_ACCURACY = 0.70
TEST_2 = 0.80  # accuracy of a network trained on COVID-CT alone
BLANKED = 0.65  # AUC on COVID-CT's test part with the lungs blanked out, at most
PER_MILLION, SPECIFICITY = 72, 0.85  # per cent of sensitivity, at this specificity or above
