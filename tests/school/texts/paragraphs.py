"""A paragraph in each of many languages, written for these tests, to judge by how older encodings are told apart.

Nothing that decides about an encoding is learned from these.
"""
# ruff: noqa: E501

PARAGRAPHS = {
    "en": (
        "This morning the café on the corner was full, so I took my tea home and read Zoë’s letter again. “Come in May,” "
        "she writes, “the garden won’t wait.” I don’t know – the fare is £40, and my résumé for the naïve people at the "
        "bank isn’t finished. Grandmother’s soufflé fell, and she laughed until the neighbours knocked. We’ll try again "
        "on Sunday… perhaps with fewer eggs. Later it rained for an hour, and the street smelled of dust and leaves."
    ),
    "de": (
        "Am Morgen lag Nebel über den Gärten, und die Straße war noch naß vom Gewitter. Ich frühstückte spät, weil der "
        "Schlüssel für die Küche fehlte; er lag natürlich im Körbchen der Katze. Gegen Mittag kam Jürgen mit zwei Gläsern "
        "Honig und erzählte, daß seine Bienen dieses Jahr außergewöhnlich fleißig seien. Wir gingen zum Fluß hinunter, "
        "fütterten die Schwäne und übten für das Geburtstagslied. Abends schrieb ich Briefe, hörte leise Musik und dachte: "
        "Schöner könnte ein gewöhnlicher Mittwoch eigentlich nicht sein."
    ),
    "fr": (
        "Hier soir, la pluie a cessé juste avant le dîner, et nous avons mangé dehors, sous le vieux tilleul. Mon frère "
        "avait préparé des légumes grillés, un gâteau aux noisettes et une crème légère qui n’a pas duré longtemps. Après "
        "le café, Hélène a raconté comment elle avait traversé la forêt à vélo, sans lumière, en chantant très fort pour "
        "ne pas avoir peur. « Plus jamais ça ! » disait-elle, mais ses yeux brillaient déjà. Ça m’a rappelé nos étés "
        "d’écoliers, là-bas, où même les orages étaient des fêtes."
    ),
    "es": (
        "El sábado bajé temprano al puerto porque mi tía quería sardinas frescas para la cena. Había niños jugando entre "
        "las redes y un señor muy mayor que les enseñaba a hacer nudos. ¿Cuánto tiempo llevará allí, cada mañana, con su "
        "gorra azul? Después caminé hasta el faro; el corazón me latía rápido por la cuesta, pero la vista mereció el "
        "esfuerzo. Mañana lloverá, según dice el periódico, así que pasaré el día leyendo y contestando cartas atrasadas. "
        "¡Qué pequeño parece el pueblo desde arriba!"
    ),
    "pt": (
        "Ontem à tarde a minha irmã telefonou para dizer que o cão tinha fugido outra vez. Saímos logo à procura dele, eu "
        "de bicicleta e ela a pé, chamando pelo nome em todas as ruas. Não estava na praça, nem junto ao café, nem atrás "
        "da estação. Quando já pensávamos em desistir, apareceu sozinho à porta de casa, molhado e muito satisfeito. A "
        "avó deu-lhe pão com manteiga e disse que ninguém o devia castigar: também ela, em criança, só voltava quando "
        "tinha fome. Amanhã compraremos uma coleira melhor."
    ),
    "it": (
        "Stamattina la città era così silenziosa che si sentivano le campane di tre chiese diverse. Ho bevuto il caffè "
        "vicino alla finestra, poi sono uscito perché volevo comprare un po’ di frutta prima che facesse caldo. Al mercato "
        "c’era già molta gente; la signora delle pesche mi ha chiesto com’è andato l’esame. Benissimo, le ho detto, però "
        "adesso non so più che cosa fare delle mie giornate. Lei ha riso: la libertà è difficile, ma col tempo ci si abitua. "
        "Più tardi ho scritto a Niccolò."
    ),
    "sv": (
        "Jag vaknade tidigt av att måsarna skrek över hamnen, så jag kokade kaffe och gick ner till bryggan. Sjön låg "
        "alldeles stilla och på andra sidan såg man någon hänga tvätt mellan björkarna. Före lunch rensade vi i trädgården, "
        "åt färska jordgubbar och lyssnade på radio. Mormor berättade hur hon som liten åkte släde över isen till skolan "
        "varje vinter, och att hästen alltid hittade hem själv. På kvällen blåste det upp, och nu smäller dörren till "
        "vedboden så att ingen får sova."
    ),
    "fi": (
        "Eilen illalla lämmitimme saunan ensimmäisen kerran tänä syksynä. Järvi oli jo kylmä, mutta isä kävi silti uimassa "
        "ja väitti, että vesi oli lämpimämpää kuin kesällä. Minä istuin laiturilla, söin makkaraa ja kuuntelin, kuinka "
        "lokit kiljuivat niemen takana. Yöllä satoi niin kovaa, etten saanut unta, joten nousin ylös, keitin teetä ja "
        "kirjoitin tämän. Huomenna pitää hakata puita, käydä kaupassa ja viedä mummolle lääkkeet. Hän sanoo aina, ettei "
        "mitään tarvita, ja ilahtuu sitten hirveästi."
    ),
    "is": (
        "Í morgun var svo hvasst að ég þorði varla út úr húsinu. Kötturinn lá undir ofninum og vildi ekki einu sinni "
        "fiskinn sinn. Þegar lægði gekk ég niður að höfninni, þar sem bátarnir rugguðu hver við annan, og hitti Þórð "
        "gamla. Hann sagði að veðrið hefði verið miklu verra árið sem hann fæddist, enda man hann það mjög vel, eins og "
        "hann orðaði það. Við fengum okkur kaffi og kleinur. Síðdegis skein sólin á fjöllin og allt varð blátt og hvítt."
    ),
    "pl": (
        "Wczoraj przyjechała do nas ciocia Małgorzata z dwiema walizkami i ogromnym słoikiem ogórków. Mówi, że zostanie "
        "tylko tydzień, ale wszyscy wiemy, jak to się skończy. Rano poszliśmy nad rzekę, gdzie chłopcy łowili ryby, a "
        "później zaczął padać drobny deszcz i musieliśmy wracać przez mokre łąki. Wieczorem ciocia grała na pianinie, "
        "trochę fałszywie, lecz z taką radością, że nawet ojciec się uśmiechnął. Jutro upieczemy ciasto ze śliwkami, jeśli "
        "znajdę gdzieś mąkę. Dobranoc, mój zeszycie!"
    ),
    "cs": (
        "Včera odpoledne jsme se vydali na houby, přestože děda tvrdil, že ještě žádné nerostou. Měl pravdu jen napůl: "
        "našli jsme tři hřiby a plný košík malin. Cestou zpátky nás překvapila bouřka, schovali jsme se pod mostem a Jiří "
        "vyprávěl strašidelné příběhy o vodníkovi. Doma jsme sušili boty u kamen, pili čaj s medem a hráli karty dlouho do "
        "noci. Těším se na neděli, až přijede sestřenice Žofie a ukáže nám své nové štěně. Snad už bude tepleji."
    ),
    "hu": (
        "Tegnap este végre megérkezett a hűvös szél, és kinyitottuk az összes ablakot. Nagymama a konyhában főzte a "
        "szilvalekvárt, én pedig mellette ülve írtam a leckémet, bár inkább a történeteire figyeltem. Azt mesélte, hogy "
        "kislány korában egyszer elaludt a szénán, és az egész falu őt kereste. Később a testvérem hegedült, először "
        "nagyon hamisan, aztán egyre szebben. Holnap kirándulni megyünk a tóhoz; remélem, nem fog esni az eső. Jó éjszakát, "
        "kedves füzetem, őrizd meg ezt a napot!"
    ),
    "ro": (
        "Astăzi dimineaţă am găsit în grădină un arici mic, ascuns sub frunzele căzute. I-am pus o farfurie cu apă şi "
        "câteva bucăţi de măr, apoi m-am aşezat pe bancă să citesc. Bunica spune că aricii aduc noroc şi că nu trebuie "
        "deranjaţi până la primăvară. După-amiază a venit vecinul nostru cu o veste bună: fiica lui a reuşit la examen şi "
        "pleacă la Iaşi. Am mâncat împreună plăcinte calde şi am râs de întâmplările de altădată. Îmi place când toamna "
        "începe aşa, fără grabă."
    ),
    "hr": (
        "Jučer smo cijeli dan čistili podrum i našli stvari na koje smo davno zaboravili: djedovu lulu, žuti kišobran i "
        "kutiju punu razglednica. Mama je čitala jednu po jednu, a mi smo pogađali tko ih je poslao. Najljepša je bila iz "
        "Šibenika, s brodom i kratkom porukom: vraćam se čim prestane bura. Navečer smo pekli kestene, slušali vjetar i "
        "pričali o tome kako će sljedeće ljeto biti duže. Možda ću i ja nekome pisati, običnom olovkom, kao nekad."
    ),
    "sl": (
        "Zjutraj je bila megla tako gosta, da nisem videl niti sosedove hiše. Šele ob desetih se je prikazalo sonce in "
        "travnik je zažarel kot steklo. S sestro sva šla peš čez hrib do mlina, kjer še vedno prodajajo črno moko in "
        "domač med. Mlinar naju je povabil na čaj ter razlagal, koliko dežja potrebuje žito. Na poti nazaj sva srečala "
        "učiteljico, ki se je smejala najinim blatnim čevljem. Zvečer sem bral stare časopise in poslušal, kako mačka "
        "prede na peči."
    ),
    "tr": (
        "Dün akşam elektrikler kesilince mum yaktık ve dedem bize gençliğinde yaşadığı köyü anlattı. Kışın yollar "
        "kapanırmış, komşular birbirine çorba taşır, çocuklar da ahırda oyun oynarmış. Işıklar geldiğinde hiçbirimiz "
        "kalkmak istemedik. Bu sabah erkenden fırına gidip sıcak simit aldım; dönüşte yağmur başladı, ağacın altında "
        "bekledim. Yanımda küçük bir köpek vardı, gözleri çok güzeldi. Öğleden sonra kardeşimle eski fotoğrafları düzenledik "
        "ve uzun uzun güldük. Yarın İzmir’e döneceğiz, şimdiden özlüyorum."
    ),
    "et": (
        "Eile õhtul jalutasime mööda rannaäärt, kuni päike kadus täiesti metsa taha. Vesi oli üllatavalt soe ja lapsed "
        "ehitasid liivast lossi, mille laine ühe hetkega ära viis. Vanaema küpsetas õunakooki ning rääkis, kuidas nemad "
        "käisid noorena üle jää saarele külla. Öösel ei saanud ma und, sest kuskil haukus koer ja tuul kõigutas väravat. "
        "Hommikul jõin kohvi, parandasin jalgratta ära ja sõitsin linna. Šokolaad jäi muidugi ostmata, nagu alati."
    ),
    "lv": (
        "Vakar no rīta sniga tik stipri, ka autobuss nemaz neatnāca, un mēs visi gājām uz skolu kājām. Ceļā satikām "
        "kaimiņu, kurš vilka ragavās savu mazo meitu un dziedāja. Pēc stundām cēlām sniegavīru, lielāku par mums pašiem, "
        "un Jānis tam uzlika tēva cepuri. Vakarā vecmāmiņa vārīja tēju ar ķimenēm un stāstīja, cik garas agrāk bijušas "
        "ziemas. Šodien jau pil no jumta, peļķes spīd saulē, un žēl skatīties, kā mūsu sniegavīrs kļūst šķībs."
    ),
    "lt": (
        "Šįryt radau ant slenksčio laišką be pašto ženklo: turbūt jį atnešė pats senelis, kai ėjo žuvauti. Rašo, kad obelys "
        "jau žydi ir kad šuo išmoko atidaryti vartelius. Po pietų nuvažiavau pas jį dviračiu per mišką, nors dangus buvo "
        "pilnas debesų. Gėrėme gira, taisėme tvorą, kalbėjomės apie žmones, kurių aš nepažinojau. Grįžau vėlai, visas "
        "šlapias, bet laimingas. Rytoj reikės anksti keltis, o dabar užmiegu bežiūrėdamas į lietų už lango."
    ),
    "cy": (
        "Bore ddoe aeth Siân a minnau i lawr at yr afon cyn i’r haul godi dros y tŷ. Roedd y dŵr yn oer iawn ond yn glir fel "
        "gwydr, a gwelsom las y dorlan yn hedfan heibio. Dyn ni’n mynd yno bob mis Mai ers pan oeddem yn blant bach. "
        "Ar y ffordd yn ôl prynodd hi fara a chaws, ac fe gawsom frecwast wrth ymyl yr hen bont. Mae’r tŵr yn dal i sefyll, "
        "er bod y to wedi mynd, a’r gân a glywsom yno yn dal yn fy mhen. Gŵyr pawb fod yr haf yn fyr, felly rhaid cofio."
    ),
    "el": (
        "Χθες το βράδυ καθίσαμε στην αυλή μέχρι αργά, γιατί μέσα στο σπίτι έκανε πολλή ζέστη. Ο παππούς έπαιζε τάβλι με τον "
        "γείτονα και φώναζε κάθε φορά που έχανε, ενώ εμείς τρώγαμε καρπούζι και γελούσαμε. Ύστερα η Ελένη μας διάβασε ένα "
        "γράμμα από τον αδελφό της, που δουλεύει σε πλοίο και γράφει σπάνια. Λέει ότι είδε δελφίνια και ότι του λείπει το "
        "ψωμί της μητέρας του. Αύριο θα του απαντήσω κι εγώ, και θα βάλω στον φάκελο λίγη ρίγανη."
    ),
    "ru": (
        "Вчера мы целый день разбирали чердак и нашли старый сундук, о котором никто уже не помнил. Внутри лежали письма, "
        "перевязанные синей лентой, сломанные часы и детская варежка. Бабушка узнала почерк своей сестры, надела очки и "
        "читала вслух до самого вечера. Потом пошёл дождь, в доме стало темно, и мы пили чай с вареньем, слушая, как вода "
        "стучит по крыше. Завтра я попробую починить часы, хотя отец считает, что это бесполезно. Ещё надо позвонить Андрею "
        "и объяснить, почему меня не было."
    ),
    "uk": (
        "Учора ввечері ми їздили до річки, бо після спеки хотілося хоч трохи прохолоди. Мій брат узяв із собою гітару, а "
        "сестра напекла пиріжків із вишнями, яких вистачило б на цілий поїзд. Коли стемніло, над лугом піднявся туман, і "
        "здавалося, що дерева пливуть. Дідусь розповідав, як у дитинстві він заблукав тут і його привів додому чужий кінь. "
        "Сьогодні вранці я довго не міг прокинутися, їжа чекала на столі, а за вікном уже гуділи бджоли. Ґанок треба "
        "пофарбувати до свята."
    ),
    "bg": (
        "Снощи гостувахме на леля Цветана, която живее в края на селото, точно до гората. Тя ни посрещна с топла баница и "
        "разказа как през зимата една лисица идвала всяка вечер пред прага ѝ. Децата слушаха с широко отворени очи, а после "
        "не искаха да излязат сами на двора. Тази сутрин валя кратък дъжд, след който въздухът ухаеше на мащерка. Събрахме "
        "орехи, поправихме оградата и изпратихме дядо до гарата. Утре трябва да напиша онова писмо, което отлагам вече "
        "цяла седмица."
    ).replace("ѝ", "й"),
    "he": (
        "אתמול בערב ישבנו על המרפסת ודיברנו עד שעה מאוחרת. סבתא סיפרה איך הגיעה לעיר בפעם הראשונה, עם מזוודה אחת ובלי "
        "להכיר איש. אחר כך אכלנו אבטיח קר והילדים רדפו אחרי החתול סביב השולחן. הבוקר קמתי מוקדם, הלכתי לשוק וקניתי לחם, "
        "זיתים וגבינה. בדרך חזרה פגשתי את המורה שלי מבית הספר, והוא זכר את שמי. מחר נוסעים אל הים, אם לא ירד גשם, ואני כבר "
        "מחכה לשמוע את הגלים."
    ),
    "ar": (
        "استيقظت هذا الصباح على صوت المطر فوق السطح، ففتحت النافذة وجلست أنظر إلى الشارع الخالي. كانت أمي قد خبزت الخبز "
        "قبل الفجر، ورائحته تملأ البيت كله. بعد الفطور ذهبت مع أخي إلى السوق واشترينا التمر والبرتقال، ثم زرنا جدتي التي "
        "تسكن قرب النهر. حكت لنا قصة قديمة عن رجل فقد حماره ووجد كنزا، وضحكنا كثيرا مع أننا نعرفها جيدا. في المساء كتبت "
        "رسالة إلى صديقي البعيد وسألته متى يعود."
    ),
    "vi": (
        "Sáng nay trời mưa nhẹ, tôi ngồi bên cửa sổ uống cà phê và nghe tiếng xe ngoài phố. Mẹ gọi điện hỏi khi nào tôi về "
        "quê, vì vườn nhãn năm nay rất nhiều quả. Tôi nói có lẽ cuối tháng, nếu công việc không quá bận. Buổi chiều tôi đi "
        "bộ ra hồ, gặp một ông cụ đang dạy cháu thả diều. Gió nhẹ quá nên diều cứ rơi xuống cỏ, nhưng hai ông cháu vẫn cười "
        "vui. Tối về tôi nấu canh chua, rồi viết mấy dòng này trước khi ngủ."
    ),
    "th": (
        "เมื่อวานฝนตกหนักตั้งแต่เช้า ฉันจึงอยู่บ้านทั้งวันและช่วยยายทำขนม ยายเล่าว่าตอนเด็กต้องพายเรือไปโรงเรียน บางครั้งเรือคว่ำและหนังสือเปียกหมด "
        "พอตอนเย็นฟ้าเปิด เราเดินไปตลาดซื้อปลากับผักบุ้ง แม่ค้าใจดีแถมมะนาวให้สองลูก กลับมาถึงบ้านพี่ชายกำลังซ่อมจักรยานอยู่หน้าบ้าน เขาบอกว่าพรุ่งนี้จะไปเยี่ยมเพื่อนที่เชียงใหม่ "
        "ฉันอยากไปด้วยแต่ยังมีงานต้องทำให้เสร็จก่อนวันศุกร์"
    ),
    "ja": (
        "昨日の夜、祖母と一緒に縁側でスイカを食べながら花火を見ました。遠くの川の方から音が少し遅れて聞こえてきて、猫は驚いて押し入れに隠れてしまいました。"
        "祖母は若いころ、あの橋のそばで小さなパン屋を手伝っていたそうです。今朝は早く起きて、庭の草を抜き、トマトに水をやりました。午後は図書館へ行って、"
        "ずっと読みたかったファンタジー小説を三冊借りました。明日は雨らしいので、部屋でゆっくり手紙を書くつもりです。友だちのユキさんにも久しぶりに連絡してみよう。"
    ),
    "zh-cn": (
        "昨天晚上下了一场大雨，今天早晨的空气特别清新。我和妹妹沿着河边走了很久，看见几个老人在树下打太极拳，还有一个孩子在喂鸽子。"
        "中午奶奶做了红烧鱼和豆腐汤，她说等到秋天要教我包饺子。下午我整理旧书，翻到小学时写的日记，里面全是错别字，却让人忍不住发笑。"
        "晚上给远方的朋友打了电话，我们聊到很晚，谁都舍不得先挂断。明天要早起赶火车，希望一切顺利。"
    ),
    "zh-tw": (
        "昨天晚上下了一場大雨，今天早晨的空氣特別清新。我和妹妹沿著河邊走了很久，看見幾個老人在樹下打太極拳，還有一個孩子在餵鴿子。"
        "中午奶奶做了紅燒魚和豆腐湯，她說等到秋天要教我包餃子。下午我整理舊書，翻到小學時寫的日記，裡面全是錯別字，卻讓人忍不住發笑。"
        "晚上給遠方的朋友打了電話，我們聊到很晚，誰都捨不得先掛斷。明天要早起趕火車，希望一切順利。"
    ),
    "ko": (
        "어제 저녁에는 할머니와 함께 마당에 앉아 옥수수를 구워 먹었다. 바람이 시원하게 불어서 모기도 별로 없었고, 멀리서 기차 지나가는 소리가 들렸다. "
        "할머니는 어렸을 때 강을 건너 학교에 다녔다고 하시며 웃으셨다. 오늘 아침에는 일찍 일어나 산책을 하고 빵집에 들러 식빵을 샀다. 오후에는 비가 와서 "
        "방에서 책을 읽었는데, 고양이가 자꾸 무릎 위로 올라와 결국 둘 다 잠이 들었다. 내일은 친구에게 편지를 써야겠다."
    ),
}
