"""Names of image generators, as their own files give them, told apart from everyday words.

A word alone is often something else: Gemini an observatory, Firefly a camera, Leonardo a person,
Flux a program for screens, *imagen* the Spanish word for image. So a name counts only in a field
that names a program, or in a phrase such as "made with"; in running text it is no claim.
"""

import re

# As they stand in files, each a regular expression; case does not matter.
_NAMES = (
    r"Adobe Firefly",
    r"AI[- ]generated",
    r"Artbreeder",
    r"AUTOMATIC1111",
    r"Bing Image Creator",
    r"Black Forest Labs",
    r"ChatGPT",
    r"ComfyUI",
    r"Craiyon",
    r"DALL[-·.\u2022\u2219 ]?E(?: ?[23])?",
    r"Deep Dream Generator",
    r"DiffusionBee",
    r"Draw Things",
    r"Easy Diffusion",
    r"FLUX\.[12]",
    r"Fooocus",
    r"Google AI",
    r"(?:Google )?Gemini (?:Flash|Nano|Pro|\d)[\w. ]{0,20}",
    r"Google (?:Gemini|Imagen)",
    r"GPT-4o",
    r"gpt-image(?:-\d)?",
    r"Grok",
    r"Ideogram(?:\.ai| AI)?",
    r"Imagined with AI",
    r"InvokeAI",
    r"Kandinsky \d",
    r"Leonardo\.? ?AI",
    r"Meta AI",
    r"Midjourney",
    r"Nano Banana",
    r"NightCafe",
    r"NovelAI",
    r"OpenAI",
    r"Playground AI",
    r"Qwen-Image",
    r"Recraft",
    r"SDXL",
    r"SeaArt",
    r"Seedream",
    r"Stability ?AI",
    r"Stable ?Diffusion",
    r"SwarmUI",
    r"Tensor\.Art",
    r"xAI",
)
_ANY = rf"(?:{'|'.join(_NAMES)})"
_WHOLE_WORD = re.compile(rf"(?<![\w-]){_ANY}(?!\w)", re.IGNORECASE)
_MADE_WITH = re.compile(
    r"\b(?:made|created|generated|imagined|drawn|painted|rendered)\s{1,3}(?:by|in|on|using|via|with)"
    rf"\s{{1,3}}(?:the\s)?({_ANY})(?!\w)",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"\s*({_ANY})\s*", re.IGNORECASE)
# What the AUTOMATIC1111 web UI and its descendants write below the prompt.
_SETTINGS = re.compile(r"\bSteps: \d{1,4}, (?:Sampler|Schedule type|CFG scale|Seed|Size): ")
# Midjourney ends its description with the job's number.
_JOB = re.compile(r"\bJob ID: [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
WEB_UI = "Stable Diffusion web UI"


def in_program(value: str) -> str | None:
    """Return the value of a field that names a program, when it names a generator."""
    return value if _WHOLE_WORD.search(value[:500]) else None


def in_prose(value: str) -> str | None:
    """Return the generator that a text says the image was made with, or whose settings it holds."""
    if _SETTINGS.search(value):
        return WEB_UI
    if _JOB.search(value):
        return "Midjourney"
    match = _ALONE.fullmatch(value[:200]) or _MADE_WITH.search(value)
    return match[1] if match else None
