"""Makes dicom.zip: small DICOM files in every transfer syntax that is read, and their pixels as pydicom sees them.

Run with Debian's python3-pydicom, python3-gdcm and dcmtk: /usr/bin/python3 make_dicom_golden.py
NAME.dcm is a file, NAME.i16 its stored values unless they equal those of its uncompressed source, NAME.voi0.f64 and
NAME.voi1.f64 what its first and second window make of them as shares of white. DCMTK encodes JPEG and JPEG-LS, GDCM JPEG 2000, pydicom run lengths; DCMTK decodes 12-bit JPEG.
"""
import pathlib
import subprocess
import tempfile
import zipfile

import gdcm
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

HERE = pathlib.Path(__file__).parent
HEIGHT, WIDTH = 19, 23
rng = np.random.default_rng(1)
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
wave = 2000 + 1700 * np.sin(x / 7) * np.cos(y / 5) + rng.normal(0, 40, (HEIGHT, WIDTH))
u12 = np.clip(wave, 0, 4095).astype(int)
PIXELS = {"u8": (u12 >> 4, 8, False), "u12": (u12, 12, False), "u16": (u12 * 16 + 7, 16, False), "s12": (u12 - 2048, 12, True)}


def dataset(pixels, bits, signed, syntax=ExplicitVRLittleEndian, **attributes):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    made = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.PatientName, made.PatientID, made.Modality, made.ViewPosition = "Nobody^Test", "0", "DX", "PA"
    made.StudyInstanceUID = made.SeriesInstanceUID = "1.2.3.5"
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = 8 if bits <= 8 else 16
    made.BitsStored, made.HighBit, made.PixelRepresentation = bits, bits - 1, int(signed)
    made.is_little_endian = syntax != ExplicitVRBigEndian
    made.is_implicit_VR = syntax == ImplicitVRLittleEndian
    kind = ("<" if made.is_little_endian else ">") + ("i" if signed else "u") + str(made.BitsAllocated // 8)
    data = pixels.astype(kind).tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OW" if bits > 8 else "OB"
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def lut():
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [1000, 1500, 12], (np.arange(1000) * 4).astype("<u2").tobytes()
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"
    return [item]


def write_uncompressed(folder):
    def save(name, made):
        made.save_as(folder / f"{name}.dcm", write_like_original=False)

    for name, (pixels, bits, signed) in PIXELS.items():
        save(f"{name}_explicit", dataset(pixels, bits, signed))
        if name != "u16":
            made = dataset(pixels, bits, signed)
            made.compress(RLELossless, encoding_plugin="pydicom")
            save(f"{name}_rle", made)
    save("u12_implicit", dataset(*PIXELS["u12"], syntax=ImplicitVRLittleEndian))
    save("u12_big", dataset(*PIXELS["u12"], syntax=ExplicitVRBigEndian))
    save("u12_deflated", dataset(*PIXELS["u12"], syntax=DeflatedExplicitVRLittleEndian))
    save("u12_windows", dataset(*PIXELS["u12"], WindowCenter=[2000, 1000], WindowWidth=[1500, 800]))
    save("u12_table", dataset(*PIXELS["u12"], VOILUTSequence=lut()))
    pixels = PIXELS["s12"][0]
    rescale = {"RescaleSlope": 2, "RescaleIntercept": -100, "WindowCenter": 50, "WindowWidth": 1500.5}
    save("s16_sigmoid", dataset(pixels, 16, True, VOILUTFunction="SIGMOID", **rescale))
    save("s16_exact", dataset(pixels, 16, True, VOILUTFunction="LINEAR_EXACT", **rescale))


def write_compressed(folder):
    def run(*command):
        subprocess.run(command, check=True, capture_output=True)

    for name in PIXELS:
        source = folder / f"{name}_explicit.dcm"
        run("dcmcjpeg", "+e1", source, folder / f"{name}_lossless_sv1.dcm")
        for predictor in range(2, 8) if name in ("u12", "s12") else ():
            run("dcmcjpeg", "+el", "+sv", str(predictor), source, folder / f"{name}_lossless_sv{predictor}.dcm")
        run("dcmcjpls", "+el", source, folder / f"{name}_jpegls.dcm")
        if name != "s12":
            run("dcmcjpls", "+en", source, folder / f"{name}_jpegls_near.dcm")
        for ending, syntax in (("jpeg2000", gdcm.TransferSyntax.JPEG2000Lossless), ("jpeg2000_lossy", gdcm.TransferSyntax.JPEG2000)):
            reader = gdcm.ImageReader()
            reader.SetFileName(str(source))
            assert reader.Read()
            change = gdcm.ImageChangeTransferSyntax()
            change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
            change.SetInput(reader.GetImage())
            assert change.Change()
            writer = gdcm.ImageWriter()
            writer.SetFileName(str(folder / f"{name}_{ending}.dcm"))
            writer.SetFile(reader.GetFile())
            writer.SetImage(change.GetOutput())
            assert writer.Write()
    run("dcmcjpeg", "+eb", "+q", "80", folder / "u8_explicit.dcm", folder / "u8_baseline.dcm")
    run("dcmcjpeg", "+ee", "+q", "80", folder / "u8_explicit.dcm", folder / "u8_extended.dcm")
    for quality in (95, 60):
        run("dcmcjpeg", "+ee", "+q", str(quality), folder / "u12_explicit.dcm", folder / f"u12_extended_{quality}.dcm")


def stored_values(file):
    if "u12_extended" in file.name:
        plain = file.with_suffix(".plain")
        subprocess.run(["dcmdjpeg", file, plain], check=True, capture_output=True)
        file = plain
    return pydicom.dcmread(file).pixel_array


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    write_uncompressed(folder)
    write_compressed(folder)
    with zipfile.ZipFile(HERE / "dicom.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def add(member, data):
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)

        for file in sorted(folder.glob("*.dcm")):
            add(file.name, file.read_bytes())
            values = stored_values(file)
            source = folder / (file.stem.split("_")[0].replace("s16", "s12") + "_explicit.dcm")
            if file == source or not np.array_equal(values, stored_values(source)):
                add(file.stem + ".i16", values.astype("<i2").tobytes())
            read = pydicom.dcmread(file)
            for index in range(max(len(read.get("VOILUTSequence", [])), read["WindowCenter"].VM if "WindowCenter" in read else 0)):
                shown = apply_voi_lut(apply_modality_lut(read.pixel_array, read), read, index=index)
                # A window's range is that of the stored values, rescaled; a table's is that of its entries.
                low = -(2 ** (read.BitsStored - 1)) if read.PixelRepresentation else 0
                slope, intercept = read.get("RescaleSlope", 1), read.get("RescaleIntercept", 0)
                least, white = low * slope + intercept, (2**read.BitsStored - 1) * slope
                add(f"{file.stem}.voi{index}.f64", ((shown - least) / white).astype("<f8").tobytes())
