"""How addresses are written: a table for each order of street and house number.

A street is told by its kind of street, in capitals where the language has them there. Kinds that are also everyday
words (a way, a place, a market) count only with a postcode behind the number, or a word like "address" before.
"""

from __future__ import annotations

import re

_CAP = "[A-ZÀ-ÖØ-ÞĀŁŚŠŽ]"
CAPITAL = re.compile(_CAP)
_NAME = rf"(?:(?:St|Dr|Mt|Ft|Sta|Sto|Prof|Gen|Mons|Eng|Cel|[A-Z])\.|{_CAP}[\w'’-]*)"
_TWO = (
    r"(?:New|San|Los|Las|Den|Le|La|Les|Bad|São|Saint|St\.?|Santa|Santo|Nova|Novo|Rio|Belo|Porto|Sankt|Reggio"
    r"|Milton|Salt|El|Fort)"
)
_BETWEEN = (
    r"(?:am|an der|im|in|de|do|da|di|del|della|dos|sur|sous|en|aan den|aan de|op|upon|under|la|les|los|las|ob der)"
)
CITY = rf"(?:{_TWO} )?{_CAP}[\w'’-]+(?: (?:{_BETWEEN}) {_CAP}[\w'’-]+|(?<=Salt Lake) City)?"

ENGLISH = (
    "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Place|Pl|Square|Sq"
    "|Terrace|Ter|Close|Crescent"
    "|Gardens|Grove|Hill|Mews|Parkway|Pkwy|Circle|Cir|Highway|Hwy|Trail|Row|Walk|Rise|Green|Park|Nagar"
    "|Marg|Colony|Layout"
    "|Chowk|Cross|Salai|Enclave|Extension|Sarani|Bazaar"
)
ENGLISH_SHORT = "(?:St|Ave|Rd|Ln|Dr|Ct|Blvd|Pl|Sq|Ter|Pkwy|Cir|Hwy)"
FRENCH = "rue|avenue|av\\.?|boulevard|bd\\.?|place|impasse|allée|chemin|quai|cours|square|passage|route|faubourg|ruelle"
_SMALL = (
    r"(?:(?:de|du|des|la|le|les|aux?|del|da|do|dos|das|las|los|el|di|dei|degli|delle|della|dello|y|e)\s+|(?:l"
    r"|d|dell|dall|sant)['’]|de l['’])"
)
SOUTHERN = (
    r"[Cc]alle|C/|C\.|[Aa]venida|Avda\.?|Av\.|[Pp]laza|Pza\.?|[Pp]aseo|[Cc]amino|[Cc]arretera|Ctra\.?"
    r"|[Rr]onda|[Tt]ravesía|[Rr]ambla"
    r"|Via|V\.le|[Vv]iale|[Pp]iazza|P\.zza|[Cc]orso|C\.so|[Ll]argo|[Vv]icolo|[Pp]iazzale|[Rr]ua|R\."
    r"|[Tt]ravessa|[Aa]lameda|[Pp]raça"
    r"|[Rr]odovia|[Ee]strada|Rue|Avenue|Boulevard|Chaussée"
)
_LETTERS = r"[\w'’-]*"
SURE = (
    "straße|strasse|str\\.|allee|gasse|chaussee|damm|ufer|promenade"
    "|straat|laan|gracht|kade|dijk|singel|steeg|dreef|burgwal|plantsoen|katu|ntie|kuja|polku|väylä"
    "|bulevardi|puistikko"
    "|esplanadi|raitti|gatan|vägen"
)
UNSURE = (
    "weg|platz|ring|hof|berg|markt|pfad|stieg|steig|wall|graben|plein|pad|wal|park|mäki|rinne|ranta|tori|penger|kaari"
)
_LEADING = rf"(?<![\w'’-])(?:(?:Dr\.|St\.|Prof\.|{_CAP}[\w'’]*)[ -]){{0,3}}"
_DOWN = r"(?:Am|An der|An den|Auf dem|Auf der|Im|In der|Unter den|Zum|Zur|Hinter der|Vor dem)"

UNIT_BEFORE = re.compile(
    r"(?:Flat|Apartment|Apt\.?|Unit|Suite|Room|House|Plot|Door|H\.?)(?: ?No\.?)? ?#?[\w/-]{1,6},\s+$"
    r"|(?:No\.?|Nr\.?|n°|nº) ?$"
)

AFTER = (  # what follows a house number
    re.compile(
        rf",?\s+(?:(?:{_NAME}\s+){{1,3}}(?:Apartments|Residency|Towers|Heights|Society|Bhavan|Complex|Villas?),\s+)?"
        rf"(?:(?:[NSEW]\.?|North|South|East|West)\s+)?(?:(?:{_NAME}|\d{{1,3}}(?:st|nd|rd"
        rf"|th))\s+){{1,4}}(?:{ENGLISH_SHORT}\.|(?:{ENGLISH})\b)(?:\s(?:NW|NE|SW|SE)\b)?"
    ),
    re.compile(
        rf"(?: ?(?:bis|ter|quater))?,?\s+(?:{FRENCH})\s+{_SMALL}{{0,3}}{_NAME}(?:[ -](?:{_SMALL}{{0,2}}){_NAME}){{0,2}}"
    ),
)
BEFORE_SURE = (  # what stands before one
    re.compile(
        rf"(?:{_LEADING}{_CAP}{_LETTERS}(?:{SURE})|{_LEADING}{_CAP}\w+(?:er|en)[ -](?:Straße|Strasse|Str\."
        rf"|Allee|Platz|Weg|Ring)|{_LEADING}{_CAP}\w+ (?:Straat|Laan|Gracht|Kade|Dijk|Singel))\s$"
    ),
    re.compile(
        rf"(?<!\w)(?:{SOUTHERN})\s?{_SMALL}{{0,3}}{_NAME}(?:\s{_SMALL}{{0,2}}{_NAME}){{0,4}},?\s+"
        r"(?:n\.?\s?[º°o]?\.?\s?|número |numero )?$"
    ),
)
BEFORE_UNSURE = (
    re.compile(rf"(?:{_LEADING}{_CAP}{_LETTERS}\w(?:{UNSURE})|{_DOWN} {_NAME}(?: {_NAME})?)\s$"),
    re.compile(rf"\bvia\s{_SMALL}{{0,3}}{_NAME}(?:\s{_SMALL}{{0,2}}{_NAME}){{0,3}},?\s+(?:n\.?\s?)?$"),
)
CALLED = re.compile(
    r"(?:\baddress|\badresse|\badres\b|\banschrift|\bwohn|\blives? (?:at|in)|\bliving (?:at|in)"
    r"|\bmoved to|\bdomicili|\bdirección"
    r"|\bindirizzo|\babit[oai]\b|\bendereço|\bosoite|\basun|\bhabit|\bvive en|\bvivo en|\bwoon)[^\d\n]{0,60}$",
    re.IGNORECASE,
)

_LETTER = r"(?:[ /]?[A-Z]| ?[b-df-h]|a| a(?=[,.;:)\n]|$))(?!\w)"  # "a", "e" and "o" are words, too
NUMBER_GOES_ON = rf"\d{{0,4}}(?:[-/–]\d{{1,4}})?(?:{_LETTER})?"  # behind its first digit
_UNIT = (
    r",?\s+(?:#|Apt\.?|Apartment|Flat|Unit|Suite|Ste\.?|Floor|apto\.?|ap\.|bloco|sala|piso|puerta|planta"
    r"|int\.?|interno|scala|as\.|bst"
    r"|appartement|étage|Wohnung|Whg\.?)\s?#?[\w-]{1,6}"
)
TAIL_UNIT = re.compile(
    rf"(?:{_UNIT})?(?:,?\s\d{{1,2}}[º°ª](?:\s?(?:[A-Z]\b|(?:izq|dcha|der|esq"
    rf"|izda)\.?))?)?(?:(?<= [A-Z]) \d{{1,3}}\b)?(?: (?:hs|huis|bis|[1-4]hoog)\b)?"
)
_PLACES = rf"(?:,\s*{_NAME}(?:[ -]{_NAME}){{0,3}}){{0,3}}"
TAIL_POST = re.compile(  # the postcode and town behind it, as each country writes them
    "|".join(
        (
            rf",?\s+(?:[A-Z]{{1,2}}-)?\d{{4}}\s?[A-Z]{{2}}\s+{CITY}",  # 1012 AB Amsterdam
            rf"(?:,| [-–])?\s+(?:[A-Z]{{1,2}}-)?\d{{5}}\s+{CITY}(?:\s\([A-Z]{{2}}\))?",  # 10115 Berlin
            rf",\s+(?:[A-Z]{{1,2}}-)?\d{{4}}\s+{CITY}",  # 1000 Bruxelles
            rf"{_PLACES},?\s+[A-Z]{{2}}\s+\d{{5}}(?:-\d{{4}})?(?!\d)",  # Springfield, IL 62704
            rf"{_PLACES},?\s+[A-Z]{{1,2}}\d[A-Z\d]?\s?\d[A-Z]{{2}}(?!\w)",  # London SW1A 1AA
            rf"(?:\s?[-–,]\s*{_NAME}(?:\s(?:(?:{_BETWEEN}"
            rf"|e)\s)?{_NAME}){{0,3}}){{0,3}}(?:\s?[-–/]\s?[A-Z]{{2}})?(?:,|\s-)?\s+"
            r"(?:CEP:?\s)?\d{5}-\d{3}(?!\d)",  # Centro, São Paulo - SP, 01310-100
            rf"{_PLACES}(?:\s?[-–,]\s?|\s)\d{{3}}\s?\d{{3}}(?!\d)",  # Bengaluru 560001
        )
    )
)
UK_POSTCODE = re.compile(r"([A-Z](?<![A-Z0-9].)[A-Z]?)\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?!\w)")
_AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK "
    "FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG "
    "NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR "
    "TS TW UB W WA WC WD WF WN WR WS WV YO ZE"
)
UK_AREAS = frozenset(_AREAS.split())
