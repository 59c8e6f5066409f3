"""How our pages look: one style sheet, light and dark, from a phone's width up."""

# Colours by name: (light, dark). Figures are drawn with the light ones, and follow the page.
COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#fbfaf8", "#14161a"),
    "card": ("#ffffff", "#1c1f25"),
    "ink": ("#1d2129", "#e9eaed"),
    "muted": ("#5c6470", "#a2a9b4"),
    "line": ("#e3e1dc", "#31353d"),
    "real": ("#2563b8", "#79aef5"),
    "ai": ("#c2410c", "#fb9a5c"),
    "unsure": ("#8a8f98", "#848b96"),
    "accent": ("#0f766e", "#4fd1c0"),
    "good": ("#14713d", "#5fd08d"),
    "bad": ("#b42318", "#ff8a7e"),
    "warn": ("#8a5a00", "#f0bd57"),
}

_RULES = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
main,.top{max-width:68rem;margin:0 auto;padding:0 1.25rem}
.top{padding-top:2.5rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:1}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
a{color:var(--accent);text-underline-offset:.2em}
.kicker{color:var(--muted);font-size:.85rem;letter-spacing:.04em;margin:0;overflow-wrap:anywhere}
h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.4rem);line-height:1.18;letter-spacing:-.02em;
margin:.3rem 0 .8rem;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.3rem;letter-spacing:-.01em;margin:0 0 .4rem;line-height:1.3}
h3{font-size:1rem;margin:1.6rem 0 .3rem}
p{margin:.4rem 0;max-width:52rem}
.lead{font-size:1.12rem;color:var(--muted);overflow-wrap:anywhere}
.note{color:var(--muted);font-size:.9rem}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;list-style:none;margin:1.2rem 0 0;padding:0;
font-size:.92rem}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;
padding:1.4rem 1.5rem;margin:1.4rem 0;scroll-margin-top:1rem}
.prose ul{padding-left:1.3rem}.prose li{margin:.25rem 0;max-width:52rem}
.prose h3{margin-top:1.4rem}.prose>:first-child{margin-top:0}
.prose th,.prose td{text-align:left}
.scroll.figure figure{margin:0}
.scroll.figure svg{max-width:none;min-width:44rem}
td.arrow{white-space:nowrap}
.clear{font-weight:650}
footer{color:var(--muted);font-size:.85rem;padding:.5rem 0 3rem;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:.8rem;
margin:1.4rem 0 0;padding:0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:.9rem 1.1rem}
.tile dt{color:var(--muted);font-size:.86rem;line-height:1.35}
.tile dd{margin:.15rem 0 0;font-size:1.75rem;font-weight:650;letter-spacing:-.02em;line-height:1.2}
.tile dd small{display:block;font-size:.82rem;font-weight:400;color:var(--muted);letter-spacing:0}
.badge{display:inline-block;border:1px solid currentColor;border-radius:99px;padding:.05rem .65rem;
font-size:.85rem;font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.real{color:var(--real)}.ai{color:var(--ai)}.unsure,.muted{color:var(--muted)}
ul.warnings{list-style:none;margin:1.2rem 0 0;padding:0}
ul.warnings li{border-left:4px solid var(--warn);background:var(--card);border-radius:4px;
padding:.5rem .9rem;margin:.4rem 0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--muted);font-size:.88rem;padding:0 0 .4rem}
th,td{padding:.42rem .8rem .42rem 0;text-align:right;vertical-align:baseline;
border-bottom:1px solid var(--line)}
th{font-weight:600}
thead th{color:var(--muted);font-weight:500;font-size:.86rem;vertical-align:bottom}
th:first-child,td.text,th.text{text-align:left}
tbody th{font-weight:500;overflow-wrap:anywhere;min-width:8rem}
tr:last-child>*{border-bottom:0}
td small{color:var(--muted);display:block;font-size:.8rem;white-space:nowrap}
table.facts th{width:13rem;color:var(--muted);text-align:left;vertical-align:top}
table.facts td{text-align:left;overflow-wrap:anywhere;padding-right:0}
table.matrix{width:auto;min-width:min(100%,30rem)}
table.matrix td,table.matrix thead th{text-align:center;padding:.6rem 1rem}
table.matrix td{border:3px solid var(--card);border-radius:10px;min-width:5.5rem;font-weight:600}
.bar{display:block;width:7rem;height:.55rem}
figure{margin:.8rem 0 0}
figure svg{display:block;width:100%;height:auto;max-width:44rem;color:var(--ink)}
figcaption{color:var(--muted);font-size:.88rem;margin-top:.3rem;max-width:46rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));
gap:.6rem 2.2rem}
.pair>*{min-width:0}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1rem;
list-style:none;margin:1rem 0 0;padding:0}
.gallery li{min-width:0}
.gallery img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:10px;display:block;
background:var(--line)}
.gallery p{margin:.35rem 0 0;font-size:.84rem;line-height:1.4}
.gallery span,.gallery strong{display:block;overflow:hidden;text-overflow:ellipsis;
white-space:nowrap}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
overflow-wrap:anywhere}
details{margin:.8rem 0 0}
summary{cursor:pointer;color:var(--accent);font-size:.95rem}
@media(max-width:34rem){section{padding:1.1rem 1rem;border-radius:10px}
main,.top{padding-left:.8rem;padding-right:.8rem}
table{font-size:.86rem}table.facts th{width:7.5rem}
table.matrix td,table.matrix thead th{padding:.5rem .35rem;min-width:4.4rem}}
@media print{section{break-inside:avoid;border:0;padding:0}nav{display:none}}
"""


def _variables(which: int) -> str:
    return "".join(f"--{name}:{pair[which]};" for name, pair in COLOURS.items())


def _heat() -> str:
    # A page may hold no style attributes (its policy forbids them), so shades are classes.
    return "".join(
        f".heat-{hue}-{step}"
        f"{{background:color-mix(in srgb,var(--{hue}) {5 + step * 5}%,transparent)}}\n"
        for hue in ("good", "bad", "unsure")
        for step in range(11)
    )


CSS = (
    f":root{{{_variables(0)}}}\n"
    f"@media(prefers-color-scheme:dark){{:root{{{_variables(1)}}}}}" + _RULES + _heat()
)


def heat(hue: str, share: float) -> str:
    """Return the class that shades a cell by a share in [0, 1]; hue: good, bad or unsure."""
    return f"heat-{hue}-{round(10 * min(1.0, max(0.0, share)))}"
