"""Ordinary chat is teachable in whatever language people speak; marks heaped on letters are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.chat.moderation import unteachable
from bots.chat.normalize import visible

SHARED = next((up / "shared" for up in Path(__file__).resolve().parents if (up / "shared").is_dir()), Path("shared"))
CASES = SHARED / "cases" / "chat-lines.tsv"
ORDINARY = {
    "English": "that was a really good game today",
    "Mandarin": "今天的游戏真好玩，明天再来吧",
    "Hindi": "आज का मैच देखकर मज़ा आ गया दोस्तों",
    "Spanish": "qué partida más buena, mañana otra",
    "French": "c’était vraiment génial, à demain",
    "Arabic": "كانت اللعبة رائعة اليوم يا أصدقاء",
    "Arabic with its vowels": "صَبَاحُ الخَيْرِ يَا جَمَاعَةُ، كَيْفَ حَالُكُمْ",
    "Bengali": "আজকের খেলাটা খুব ভালো ছিল বন্ধুরা",
    "Portuguese": "que jogo incrível, até amanhã pessoal",
    "Russian": "сегодня всё получилось, спасибо всем",
    "Urdu": "آج کا کھیل بہت اچھا تھا دوستو",
    "Indonesian": "permainan hari ini seru sekali",
    "German": "das Spiel war heute richtig schön",
    "Japanese": "今日のゲームはすごーく楽しかったね",
    "Japanese with kana only": "ラーメンとコーヒーが好きなんだよー",
    "Marathi": "आजचा खेळ खूप छान होता मित्रांनो",
    "Telugu": "ఈ రోజు ఆట చాలా బాగుంది మిత్రులారా",
    "Turkish": "bugünkü oyun çok güzeldi arkadaşlar",
    "Tamil": "இன்றைய விளையாட்டு மிகவும் நன்றாக இருந்தது",
    "Cantonese": "今日個遊戲好好玩呀大家",
    "Vietnamese": "hôm nay trò chơi này hay quá các bạn ạ",
    "Tagalog": "ang ganda ng laro natin ngayon",
    "Korean": "오늘 방송 진짜 재미있었어요",
    "Persian": "بازی امروز خیلی خوب بود بچه‌ها",
    "Hausa": "wasan yau ya yi kyau ƙwarai",
    "Swahili": "mchezo wa leo ulikuwa mzuri sana",
    "Javanese": "dolanan dina iki apik tenan kanca",
    "Italian": "che bella partita, è stato un piacere",
    "Punjabi": "ਅੱਜ ਦੀ ਖੇਡ ਬਹੁਤ ਵਧੀਆ ਸੀ",
    "Gujarati": "આજની રમત ખૂબ સરસ હતી મિત્રો",
    "Thai": "วันนี้เกมสนุกมากจริงๆ ขอบคุณครับ",
    "Kannada": "ಇಂದಿನ ಆಟ ತುಂಬಾ ಚೆನ್ನಾಗಿತ್ತು",
    "Malayalam": "ഇന്നത്തെ കളി വളരെ നന്നായിരുന്നു",
    "Burmese": "ဒီနေ့ဂိမ်းကအရမ်းကောင်းတယ်",
    "Khmer": "ហ្គេមថ្ងៃនេះល្អណាស់",
    "Lao": "ມື້ນີ້ເກມມ່ວນຫຼາຍ",
    "Sinhala": "අද ක්‍රීඩාව හරිම හොඳයි",
    "Amharic": "የዛሬው ጨዋታ በጣም ጥሩ ነበር",
    "Yoruba": "Eré òní dára púpọ̀ ẹ̀yin ọ̀rẹ́",
    "Hebrew with its vowels": "שָׁלוֹם לְכֻלָּם, אֵיזֶה מִשְׂחָק יָפֶה",
    "Polish": "dzisiejsza gra była świetna, dzięki",
    "Ukrainian": "сьогодні гра була чудова, дякую",
    "Greek": "πολύ ωραίο παιχνίδι σήμερα παιδιά",
}
ZALGO = (
    "h̷̢̛͓e̸̡͔l̶̨̛l̷̛̦o̴̢͠ there",
    "h็็e็็l็็l็็o็็",  # Thai marks on Latin letters
    "с҃҄е҃҄г҃҄о҃҄д҃҄н҃҄я",
    "ʰᵉˡˡᵒ ᵗʰᵉʳᵉ ᵐʸ ᶠʳⁱᵉⁿᵈ",
)


@pytest.mark.parametrize("language", ORDINARY)
def test_ordinary_lines_are_teachable(language):
    assert unteachable(visible(ORDINARY[language])) == ""


@pytest.mark.parametrize("line", ZALGO)
def test_heaps_of_marks_are_not(line):
    assert unteachable(visible(line)) == "unreadable"


@pytest.mark.skipif(not CASES.is_file(), reason="the shared cases are not here")
def test_the_shared_lines():
    for row in CASES.read_text("utf-8").splitlines():
        language, line = row.split("\t")
        assert unteachable(visible(line)) == "", language
