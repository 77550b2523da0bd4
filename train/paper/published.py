"""The paper's own figures (arXiv 2004.12837v1), table by table."""

from __future__ import annotations

# Tables 1 and 2: part -> COVID-19, not COVID-19, with augmentation
TABLE_1 = {
    "Train": (191, 191, 1528),
    "Validation": (60, 58, 118),
    "Test-1": (98, 95, 193),
    "Test-2": (100, 95, 195),
}
TABLE_2 = {"Train": (251, 191, 1768), "Validation": (80, 58, 138), "Test-1": (108, 95, 203)}

# Tables 3 and 4: experiment -> observed and estimated accuracy, learning rate, momentum, L2
TABLE_3 = {
    "1": (0.8830, 0.8226, 0.074516, 0.58486, 1.6387e-07),
    "2": (0.8576, 0.8242, 0.011358, 0.97926, 3.684e-08),
    "3": (0.8576, 0.8058, 0.00070093, 0.96348, 1.0172e-12),
    "4": (0.8985, 0.8727, 0.007132, 0.87589, 0.9532e-06),
}
TABLE_4 = {
    "1": (0.8684, 0.8211, 0.00010091, 0.70963, 2.2153e-11),
    "2": (0.8536, 0.8153, 0.086175, 0.59589, 7.5468e-09),
    "3": (0.8444, 0.8022, 0.0016053, 0.86453, 1.0048e-10),
    "4": (0.8756, 0.8587, 0.089642, 0.84559, 0.5895e-07),
}

# Table 5, and CNN-1 on Test-2 (section 3.2): accuracy, sensitivity, specificity, precision, F1
Row = tuple[float | None, ...]
TABLE_5: dict[str, Row] = {
    "CNN-1": (0.8200, 0.7900, 0.8500, 0.8404, 0.8144),
    "CNN-2": (0.8300, 0.8500, 0.8100, 0.8173, 0.8333),
}
TEST_2: Row = (0.5024, 0.1900, None, 0.80, None)

# Table 6: pre-processing of images; accuracy, sensitivity, specificity, precision in per cent; F1
TABLE_6 = {
    "Wang et al., medRxiv 2020": ("no", 73.1, 67, 76, 61, 0.63),
    "Xu et al., arXiv 2002.09334": ("yes", None, 86.7, None, 81.3, 0.839),
    "Li et al., Radiology 2020": ("yes", None, 90, 96, None, None),
    "the paper's CNN-2": ("no", 83.0, 85.0, 81.0, 81.73, 0.8333),
}
# Table 7: sensitivity in per cent, millions of parameters, their ratio as printed
TABLE_7 = {
    "Wang et al., medRxiv 2020": (67, 23.9, 2.8),
    "Xu et al., arXiv 2002.09334": (86.7, 11.7, 7.41),
    "Li et al., Radiology 2020": (90, 25.6, 3.52),
    "the paper's CNN-2": (85, 1.26, 67.46),
}
# section 3.3: seconds per image on its workstation and its laptop, hours for 4,300 images on the latter
SECONDS = (1.25, 7.81)
HOURS_FOR_4300 = 9.32
