"""The words of the made-up group, in two parts that share no sentence.

Inference is written and tuned on lakes of the development part, and its accuracy is measured on lakes of the held-out
part, so that a figure says what happens with wordings that no rule has seen.
"""

from telelake.demo.wordings.development import DEVELOPMENT
from telelake.demo.wordings.held_out import HELD_OUT
from telelake.demo.wordings.model import Subject, Wordings, expand

PARTS = {part.name: part for part in (DEVELOPMENT, HELD_OUT)}

__all__ = ["DEVELOPMENT", "HELD_OUT", "PARTS", "Subject", "Wordings", "expand"]
