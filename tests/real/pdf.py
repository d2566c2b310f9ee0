"""A PDF of many pages, the same bytes for the same arguments: text and curves.

Poppler allocates for every object, string and glyph, so pages of little more than text give it much to do.
The fonts are the document's own (Type 3: each glyph a drawing), since a bare Wine has none to render.
"""
import zlib

WORDS = ("allocator block bound cell chunk code copy cross data edge entry fault field frame free grow "
         "heap hook index jump key leaf limit list load lock map merge move name node offset old page "
         "patch pool process queue range reader reserve resize root run shape size slab slot span stack "
         "state store table take thread trace trap tree unit value vector view walk word writer").split()
LETTERS = " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
FONTS = 3


class Sequence:
    """Pseudo-random numbers, the same on every machine."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n


def page_content(sequence, number, lines):
    out = [f"BT /F0 18 Tf 72 770 Td (Page {number}) Tj ET"]
    for line in range(lines):
        words = " ".join(WORDS[sequence.below(len(WORDS))] for _ in range(9 + sequence.below(5)))
        font = sequence.below(FONTS)
        out.append(f"BT /F{font} {8 + sequence.below(3)} Tf 72 {745 - 12 * line} Td ({words}) Tj ET")
    for _ in range(12):
        x, y = 72 + sequence.below(400), 60 + sequence.below(60)
        out.append(f"{sequence.below(100) / 100} {sequence.below(100) / 100} 0.4 RG {x} {y} m "
                   f"{x + 30} {y + sequence.below(90)} {x + 60} {y - 30} {x + 90} {y + 20} c S")
    return zlib.compress("\n".join(out).encode())


def glyph_name(letter):
    """Names from Adobe's glyph list, from which programs extract the text."""
    if letter == " ":
        return b"space"
    digits = b"zero one two three four five six seven eight nine".split()
    return digits[int(letter)] if letter.isdigit() else letter.encode()


def font_objects(sequence, first):
    """The objects of one font, numbered from FIRST: the font, then a drawing for each letter."""
    drawings = [b"/%s %d 0 R" % (glyph_name(c), first + 1 + i) for i, c in enumerate(LETTERS)]
    widths = b" ".join(b"600" for _ in range(ord(" "), ord("z") + 1))
    differences = b" ".join(b"%d /%s" % (ord(c), glyph_name(c)) for c in LETTERS)
    yield (b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 600 900] /FontMatrix [0.001 0 0 0.001 0 0] "
           b"/FirstChar %d /LastChar %d /Widths [%s] /CharProcs << %s >> /Resources << >> "
           b"/Encoding << /Type /Encoding /Differences [%s] >> >>"
           % (ord(" "), ord("z"), widths, b" ".join(drawings), differences))
    for letter in LETTERS:
        points = [(50 + sequence.below(450), sequence.below(800)) for _ in range(7)]
        body = b"600 0 0 0 600 900 d1 60 w %d %d m " % points[0]
        body += b"".join(b"%d %d %d %d %d %d c " % (points[i] + points[i + 1] + points[i + 2])
                         for i in (1, 4)) + b"S"
        yield stream(b"600 0 d0" if letter == " " else body)


def stream(body):
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)


def make(pages, lines=50, seed=1):
    """The bytes of a document of PAGES pages."""
    sequence = Sequence(seed)
    font_size = 1 + len(LETTERS) # objects
    fonts = [3 + i * font_size for i in range(FONTS)]
    first = 3 + FONTS * font_size # then a page and its content in turns
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               b"<< /Type /Pages /Count %d /Kids [%s] >>"
               % (pages, b" ".join(b"%d 0 R" % (first + 2 * i) for i in range(pages)))]
    for font in fonts:
        objects += font_objects(sequence, font)
    used = b" ".join(b"/F%d %d 0 R" % (i, font) for i, font in enumerate(fonts))
    for i in range(pages):
        content = page_content(sequence, i + 1, lines)
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
                       b"/Resources << /Font << %s >> >> >>" % (first + 2 * i + 1, used))
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream"
                       % (len(content), content))
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for i, body in enumerate(objects):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (i + 1, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += (b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
            % (len(objects) + 1, table))
    return bytes(out)
