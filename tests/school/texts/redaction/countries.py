"""Phones and addresses as people write them in ten countries."""

from __future__ import annotations

import random

from tests.school.texts.redaction.drawn import Item, digits, filled, pick, said

COUNTRIES = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "FI", "BR", "IN")

# ---- phones --------------------------------------------------------------------------------------------------------

PHONES = {
    "US": "({a}) N##-####|{a}-N##-####|{a}.N##.####|{a} N## ####|+1 {a} N## ####|+1 ({a}) N##-####|1-{a}-N##-####",
    "GB": (
        "07{m} ######|07{m} ### ###|+44 7{m} ######|020 7### ####|020 8### ####|0121 4## ####|0161 2## ####|"
        "01332 3#####|(020) 7### ####|07{m}######"
    ),
    "DE": (
        "0171 #######|0170/#######|0160-#######|0151 ########|+49 171 #######|+49 176 N#######|030 N######|"
        "(030) N######|089 / N#######|+49 (0)30 N#######|040 N### ####|0221 N##-###"
    ),
    "FR": (
        "06 ## ## ## ##|06.##.##.##.##|07 6# ## ## ##|01 4# ## ## ##|04-9#-##-##-##|064#######|+33 6 ## ## ## ##|"
        "+33 1 4# ## ## ##|0033 6 ## ## ## ##"
    ),
    "ES": "61# ### ###|6N# ## ## ##|65# ######|91 5## ## ##|93 4## ## ##|+34 61# ### ###|+34 91 5## ## ##",
    "IT": "347 ### ####|333 #######|+39 328 ### ####|06 4### ####|02 4### ####|340-#######|+39 06 4### ####",
    "NL": (
        "06-1#######|06 2# ## ## ##|06 4#######|020-6## ####|+31 6 1#######|010 4## ## ##|+31 20 6## ####|061#######"
    ),
    "FI": "040 N## ####|050 N## ## ##|+358 40 N## ####|09 N## ####|044-N######|+358 50 N######|045 N## ####",
    "BR": "(11) 9N###-####|21 9N###-####|+55 21 9N###-####|(31) 3N##-####|+55 (11) 9N### ####|(11) 9N#######",
    "IN": "98### #####|+91 98### #####|+91-99########|080 2### ####|+91 97########|097### #####",
}
AREAS = ("212", "415", "312", "617", "702", "503", "303", "206", "713", "404")
MOBILES = ("712", "723", "734", "745", "771", "779", "803", "854", "912", "968")  # of Britain, after the 07
CALLING = {
    "US": "call me at {} tonight|{} is my new cell|text {} when you land.|my number's {}, ok?|Anna ({})",
    "GB": "ring me on {} after six|Mob: {}|it's {} now.|the plumber: {}, very kind|he left {} on a note",
    "DE": "ruf mich unter {} an|Tel.: {}|meine Nummer ist {}.|Der Klempner hat {} gesagt|Fax {}, bitte",
    "FR": "appelle-moi au {} demain|Tél : {}|le {} ne répond pas.|son numéro, c'est le {}|Mamie : {}",
    "ES": "llámame al {} mañana|Tel. {}|mi móvil es el {}.|el {} no contesta|Ana, {}, la vecina",
    "IT": "chiamami al {} stasera|Tel. {}|il mio numero è {}.|il {} non risponde|Nonna: {}",
    "NL": "bel me op {} vanavond|Tel: {}|mijn nummer is {}.|{} is de loodgieter|oma ({})",
    "FI": "soita numeroon {} illalla|Puh. {}|numeroni on {}.|{} ei vastaa|mummo: {}",
    "BR": "me liga no {} hoje|Tel.: {}|meu celular é {}.|o {} não atende|vovó: {}",
    "IN": "call me on {} after lunch|WhatsApp {}|my new number is {}.|{} is the tailor|uncle: {}",
}


def phone(rng: random.Random) -> Item:
    where = rng.choice(COUNTRIES)
    form = pick(rng, PHONES[where]).replace("{a}", rng.choice(AREAS)).replace("{m}", rng.choice(MOBILES))
    return said(rng, CALLING[where], filled(rng, form), "phone", where)


# ---- addresses -----------------------------------------------------------------------------------------------------

STREETS = {
    "US": "Maple|Cedar Hill|Lincoln|Old Mill|5th|N. Willow|Sunset",
    "GB": "Mill|Church|Station|Victoria|Queen's|St. James's|High",
    "FR": "de la Paix|Victor-Hugo|des Lilas|Jean Moulin|du Général Leclerc|de l'Église",
    "ES": "Mayor|de Alcalá|de la Paz|Gran Capitán|San Juan|del Prado",
    "IT": "Roma|Garibaldi|dei Fiori|della Libertà|XX Settembre|San Marco",
    "BR": "Augusta|das Flores|Paulista|Santos Dumont|do Comércio|XV de Novembro",
    "IN": "MG|Park|Gandhi|Station|Linking|Nehru",
    "DE": "Goethestraße|Berliner Straße|Lindenallee|Bahnhofstr.|Mühlengasse|Schillerstrasse|Elbchaussee",
    "NL": "Keizersgracht|Dorpsstraat|Wilhelminalaan|Havenkade|Lange Dijk|Prins Hendrikkade",
    "FI": "Mannerheimintie|Aleksanterinkatu|Koivukuja|Puistopolku|Hämeenkatu",
}
KINDS = {
    "US": "Street|St.|Ave|Avenue|Road|Rd|Lane|Drive|Blvd|Court",
    "GB": "Lane|Road|Street|Close|Crescent|Gardens|Terrace|Mews",
    "FR": "rue|avenue|boulevard|place|impasse|allée|chemin",
    "ES": "Calle|C/|Avenida|Plaza|Paseo",
    "IT": "Via|Viale|Piazza|Corso|Largo",
    "BR": "Rua|Avenida|Av.|Travessa|Alameda",
    "IN": "Road|Nagar|Marg|Street|Colony",
}
TOWNS = {
    "US": "Springfield|Portland|Salem|Dayton",
    "GB": "London|Leeds|Bath|York",
    "FR": "Paris|Lyon|Nantes|Lille",
    "ES": "Madrid|Sevilla|Valencia|Bilbao",
    "IT": "Roma|Milano|Torino|Bologna",
    "BR": "São Paulo|Curitiba|Recife|Salvador",
    "IN": "Bengaluru|Pune|Mumbai|Chennai",
    "DE": "Berlin|Hamburg|Köln|München",
    "NL": "Amsterdam|Utrecht|Leiden|Delft",
    "FI": "Helsinki|Turku|Tampere|Oulu",
}
STATES = {"US": ["IL", "OR", "MA", "OH"], "BR": ["SP", "PR", "PE", "BA"]}
LIVING = {
    "US": "we moved to {} in May|{} was cold all winter.|send it to {}!|She lives at {}, near the park",
    "GB": "they live at {} now|the house at {}.|post it to {}, please|{}, where the roses are",
    "DE": "ich wohne {}.|die Wohnung in der {} ist kalt|Adresse: {}|wir trafen uns vor der {}, wie immer",
    "FR": "j'habite {}.|rendez-vous au {} à midi|adresse : {}|le {}, c'est chez nous",
    "ES": "vivo en {}.|nos vemos en {} a las ocho|dirección: {}|la casa de {}, la azul",
    "IT": "abito in {}.|ci vediamo in {} alle otto|indirizzo: {}|la casa di {}, quella rossa",
    "NL": "ik woon op de {}.|het feest is aan de {} om acht uur|adres: {}|het huis aan de {}, dat blauwe",
    "FI": "asun osoitteessa {}.|juhlat ovat {} kello kuusi|osoite: {}|talo on {}, se sininen",
    "BR": "moro na {}.|a festa é na {} às oito|endereço: {}|a casa da {}, aquela azul",
    "IN": "we stay at {}.|the shop at {} was shut|address: {}|come to {}, near the temple",
}


def address(rng: random.Random) -> Item:
    where = rng.choice(COUNTRIES)
    street, kind, town = (pick(rng, names.get(where, "")) for names in (STREETS, KINDS, TOWNS))
    house, whole = str(rng.randint(1, 180)), rng.random() < 0.5
    if where == "US":
        line = f"{rng.randint(1, 9900)} {street} {kind}" + rng.choice(["", "", ", Apt 4B", " #12"])
        line += f", {town}, {rng.choice(STATES['US'])} {digits(rng, 5, '123456789')}" if whole else ""
    elif where == "GB":
        line = rng.choice(["", "", "Flat 3, "]) + f"{house}{rng.choice(['', '', 'a'])} {street} {kind}"
        code = (
            rng.choice(["SW1A", "LS6", "BA1", "YO31", "E8", "M14", "EC2V"])
            + f" {digits(rng, 1)}{rng.choice('ABDEFGHJ')}{rng.choice('LNPQRSTU')}"
        )
        line += f", {town} {code}" if whole else ""
    elif where == "FR":
        line = f"{house}{rng.choice(['', '', ' bis'])}{rng.choice([' ', ', '])}{kind} {street}"
        line += f", {digits(rng, 5, '123456789')} {town}" if whole else ""
    elif where in ("ES", "IT"):
        line = f"{kind}{'' if kind == 'C/' and rng.random() < 0.5 else ' '}{street}{rng.choice([' ', ', '])}{house}"
        line += rng.choice(["", ", 2º B"]) if where == "ES" else rng.choice(["", "/A"])
        line += f", {digits(rng, 5, '01234')} {town}" if whole else ""
    elif where == "BR":
        line = f"{kind} {street}{rng.choice([', ', ' '])}{house}" + rng.choice(["", ", apto 42"])
        line += f", {town} - {rng.choice(STATES['BR'])}, {digits(rng, 5)}-{digits(rng, 3)}" if whole else ""
    elif where == "IN":
        line = rng.choice(["", "Flat 302, "]) + f"{house}{rng.choice([' ', ', '])}{street} {kind}"
        line += f", {town} {digits(rng, 6, '4567')}" if whole else ""
    elif where == "NL":
        line = f"{street} {house}{rng.choice(['', '', '-2', ' hs', 'A'])}"
        line += f", {digits(rng, 4, '123456789')} {rng.choice(['AB', 'CJ', 'XT'])} {town}" if whole else ""
    elif where == "FI":
        line = f"{street} {house}{rng.choice(['', ' A 3', ' B'])}"
        line += f", {digits(rng, 5, '0239')} {town}" if whole else ""
    else:
        line = f"{street} {house}{rng.choice(['', '', 'a', ' b'])}"
        line += f", {digits(rng, 5, '123456789')} {town}" if whole else ""
    return said(rng, LIVING[where], line, "address", where)
