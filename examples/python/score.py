"""Known or unknown, and what it is, of a model file of oal: python score.py model.onnx picture.jpg ...

Needs onnxruntime, numpy and Pillow; nothing of oal. docs/model-file.md says what the file holds.
"""

import json
import sys

import numpy as np
from PIL import Image, ImageOps

# the model file says how many pixels are too many, and prepare asks before it decodes
Image.MAX_IMAGE_PIXELS = None


def read_facts(session):
    """What the file says of itself, by key without "oal."."""
    texts = session.get_modelmeta().custom_metadata_map
    plain = {"format", "version", "name", "decides", "sha256", "weights"}
    found = {key[4:]: text for key, text in texts.items() if key.startswith("oal.")}
    if found.get("format") != "2":
        raise SystemExit("this is no model file of oal in format 2")
    return {key: text if key in plain else json.loads(text) for key, text in found.items()}


def prepare(image, facts):
    """A PIL image as the graph takes it: uint8, with a batch axis of 1."""
    rule, wanted = facts["preprocessing"], facts["input"]
    if image.width * image.height > rule["maxPixels"]:
        raise ValueError("too many pixels")
    if rule["orientation"] == "apply":
        image = ImageOps.exif_transpose(image)
    image = image.convert("RGB")
    if wanted["resizing"] == "outside":
        image = resize_and_crop(image, rule)
    pixels = np.asarray(image)
    return (pixels if wanted["layout"] == "nhwc" else pixels.transpose(2, 0, 1))[None]


def resize_and_crop(image, rule):
    """Resized to `resize`, then the central square of `crop`; what is missing is black."""
    crop = rule["crop"]
    sides = resized_sides(image, rule["resize"])
    if sides != image.size:
        image = image.resize(sides, getattr(Image.Resampling, rule["interpolation"].upper()))
    # round() goes to the even number, as torchvision's does
    left, top = (
        round((side - crop) / 2) if side >= crop else -((crop - side) // 2) for side in image.size
    )
    return image.crop((left, top, left + crop, top + crop))


def resized_sides(image, size):
    """Width and height that a picture gets: `size` is its shorter side, or height and width, whatever its shape."""
    if isinstance(size, list):
        return size[1], size[0]
    longer = int(size * max(image.size) / min(image.size))
    return (size, longer) if image.width <= image.height else (longer, size)


def fitting(session, pixels):
    """The pixels, where the graph takes pictures of their size."""
    wanted = session.get_inputs()[0].shape
    if any(isinstance(size, int) and size != found for size, found in zip(wanted[1:], pixels.shape[1:])):
        raise ValueError(f"the model takes the shape {wanted[1:]}, this picture has {list(pixels.shape[1:])}")
    return pixels


def ask(session, facts, image):
    """What the deciding detector says of a picture."""
    outputs = next(each for each in facts["detectors"] if each["id"] == facts["decides"])["outputs"]
    names = ["label", "probabilities", outputs["score"], outputs["pValue"], outputs["known"]]
    if "ask" in outputs:
        names.append(outputs["ask"])
    found = session.run(names, {"images": fitting(session, prepare(image, facts))})
    label, probabilities, score, p_value, known, *to_ask = found
    return {
        "label": int(label[0]),
        "confidence": float(probabilities[0, label[0]]),
        "score": float(score[0]),
        "pValue": float(p_value[0]),
        "known": bool(known[0]),
        "ask": bool(to_ask and to_ask[0][0]),
    }


def self_test_picture(width, height):
    """The picture of the self-test."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    v = (x * (3 + 2 * c) + y * (7 - 2 * c) + x * y // (8 + c)) % 510
    return Image.fromarray(np.where(v > 255, 510 - v, v).astype(np.uint8))


def self_test(session, facts):
    """Whether the deciding detector says here what it said where the file was written; None without self-test."""
    test = facts.get("selfTest")
    wanted = test and test["detectors"].get(facts["decides"])
    if not wanted:
        return None
    found = ask(session, facts, self_test_picture(test["width"], test["height"]))
    near = all(abs(found[key] - wanted[key]) <= wanted["tolerance"][key] for key in ("score", "pValue"))
    same = wanted["known"] in (None, found["known"]) and test["label"] in (None, found["label"])
    return near and same


def main(path, *pictures):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    facts = read_facts(session)
    if self_test(session, facts) is False:
        raise SystemExit("the self-test failed: this engine computes something else")
    for picture in pictures:
        try:
            with Image.open(picture) as image:
                found = ask(session, facts, image)
        except (OSError, ValueError) as error:
            print(f"{picture}: {error}")
            continue
        name = facts["classNames"][found["label"]]
        what = f"{name}, {100 * found['confidence']:.1f} %" if found["known"] else "unknown"
        what += " (known, but have a person look)" if found["ask"] else ""
        print(f"{picture}: {what}, p value {found['pValue']:.3f}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
