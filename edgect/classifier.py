"""The Python interface: load a bundle once, then classify scans with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from time import perf_counter

from edgect.errors import ScanError
from edgect.machine.in_order import in_order
from edgect.model.backends import DEFAULT_BACKEND, Engine
from edgect.model.bundles.bundle import DEFAULT, Bundle
from edgect.model.decision.labels import Decision
from edgect.pipeline import Pipeline
from edgect.rows.prediction import Prediction
from edgect.scans import Limits, find_scans


class Classifier:
    """A loaded model. For research use only: not a medical device.

    One scan is classified with all threads at once, many with a thread for each; the results are the
    same. The engine is made ready for either when first it is needed. A process that is forked loads the
    engine anew.

    Parameters
    ----------
    model : str, PathLike or Bundle
        The name of a bundled model (`lungs`, `cnn1`, `cnn2`), a bundle's folder, or a loaded bundle.
    backend : {"openvino", "onnxruntime", "auto"}
        The inference engine, by default the one that is installed with edgect: OpenVINO, and on ARM64 Linux
        ONNX Runtime. `auto` is the one that is faster here, which is measured at first, and kept.
    precision : {"int8", "fp32"}
        Of weights and arithmetic.
    threads : int, optional
        Cores to use, all that this process may use by default.
    threshold : float, optional
        Probability of COVID-19, from 0 to 1, at and above which the label is COVID-19.
    operating_point : str, optional
        One of the bundle's thresholds, by name, in place of `threshold`: `balanced`, the default, or
        another that its manifest has, such as `screening`.
    limits : Limits, optional
        How large a file may be.
    include_identifiers : bool
        Name series and files by their DICOM UIDs in place of salted hashes.
    error_rate : float, optional
        Share of wrong labels that conformal prediction is to keep to; slices that it cannot decide are
        labelled `indeterminate`. Off by default.
    gate : bool
        Whether the out-of-distribution detector rejects pictures unlike the training slices. Without it,
        which is for measuring the network alone, they are classified, and `reason` says why they would
        have been rejected.
    trusted_keys : str or PathLike, optional
        The file of a public key, or a folder of such, by which signed bundles are known; by default what the
        environment's `EDGECT_TRUSTED_KEYS` names.
    require_signature : bool
        Whether to refuse a bundle that is neither released nor signed by a trusted key.

    Raises
    ------
    UsageError
        Unknown backend, precision or operating point; a threshold or an error rate out of range.
    ModelError
        The bundle is missing, damaged, unfinished or altered.
    EngineError
        The engine is not installed, or failed.

    Examples
    --------
    >>> from edgect import Classifier
    >>> classifier = Classifier()
    >>> prediction = classifier.predict("examples/scans/covid-saopaulo-0001.webp")
    >>> prediction.status, prediction.label
    ('ok', 'COVID-19')
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Bundle = DEFAULT,
        backend: str = DEFAULT_BACKEND,
        precision: str = "int8",
        threads: int | None = None,
        threshold: float | None = None,
        *,
        operating_point: str | None = None,
        limits: Limits | None = None,
        include_identifiers: bool = False,
        error_rate: float | None = None,
        gate: bool = True,
        trusted_keys: str | os.PathLike[str] | None = None,
        require_signature: bool = False,
    ) -> None:
        self._pipeline = Pipeline(
            model,
            backend,
            precision,
            threads,
            threshold,
            operating_point=operating_point,
            limits=limits,
            include_identifiers=include_identifiers,
            error_rate=error_rate,
            gate=gate,
            trusted_keys=trusted_keys,
            require_signature=require_signature,
        )

    @property
    def bundle(self) -> Bundle:
        """The model's files and manifest."""
        return self._pipeline.bundle

    @property
    def engine(self) -> Engine:
        """Backend, version, precision and threads, as the engine reports them."""
        return self._pipeline.engine

    @property
    def decision(self) -> Decision:
        """How a probability becomes a label."""
        return self._pipeline.decision

    @property
    def threshold(self) -> float:
        """Probability of COVID-19 at and above which the label is COVID-19."""
        return self._pipeline.threshold

    def predict(self, path: str | os.PathLike[str], evidence: bool = False) -> Prediction:
        """Classify one file that holds one slice.

        Parameters
        ----------
        path : str or PathLike
            A picture, a DICOM or a NIfTI file. One of several frames gets status `error`: `classify`
            gives each frame its result.
        evidence : bool
            Whether the result carries the slice and the log-odds by place.

        Returns
        -------
        Prediction
            Where there is no answer, its `status` is `rejected` or `error`, and `reason` says why.

        Examples
        --------
        >>> from edgect import Classifier
        >>> Classifier().predict("no-such-scan.png").status
        'error'
        """
        name, start = os.fspath(path), perf_counter()
        first = next(self.classify_file(name, evidence))
        if first.frame is None:
            return first
        return self._pipeline.failure(
            name, ScanError("holds several frames; classify() answers on each"), first.sha256, start
        )

    def classify(
        self, paths: Iterable[str | os.PathLike[str]], evidence: bool = False
    ) -> Iterator[Prediction]:
        """Classify files and folders, in input order, each result as soon as it is known.

        Several files are under way at once, and a bounded number; closing the iterator ends that.

        Parameters
        ----------
        paths : iterable of str or PathLike
            Files, and folders that are searched to any depth.
        evidence : bool
            Whether results carry the slice and the log-odds by place.

        Yields
        ------
        Prediction
            One for every slice. Damaged files have status `error`, foreign ones `rejected`.

        Raises
        ------
        UsageError
            A path is missing, or nothing looks like an image.

        Examples
        --------
        >>> from edgect import Classifier
        >>> classifier = Classifier()
        >>> len(list(classifier.classify(["examples/scans"])))
        8
        """
        files = find_scans(paths)
        many = len(files) > 1
        work = partial(self._pipeline.classify_file, evidence=evidence, many=many)
        with closing(in_order(work, files, self._pipeline.parallel_files(many))) as results:
            for _, predictions in results:
                yield from predictions

    def classify_file(self, path: str, evidence: bool = False) -> Iterator[Prediction]:
        """Classify every frame of one file.

        Parameters
        ----------
        path : str
            The file.
        evidence : bool
            Whether results carry the slice and the log-odds by place.

        Yields
        ------
        Prediction
            One for every frame; where the engine fails on it, of status `error`.
        """
        return self._pipeline.classify_file(path, evidence)

    def classify_content(self, content: bytes, name: str, evidence: bool = False) -> Iterator[Prediction]:
        """Classify every frame of a file that is in memory, and may never have been on a disk.

        Parameters
        ----------
        content : bytes
            What the file holds.
        name : str
            For the column `path`; its suffix says what damaged content was meant to be.
        evidence : bool
            Whether results carry the slice and the log-odds by place.

        Yields
        ------
        Prediction
            One for every frame; where the engine fails on it, of status `error`.
        """
        return self._pipeline.classify_content(content, name, evidence)
