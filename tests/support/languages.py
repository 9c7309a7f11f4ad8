"""Short texts that a base of English knows, and that it does not, and such a base."""

from pathlib import Path

from charrnn import api
from charrnn.config.resolve import resolve
from charrnn.package import shipped

STORY = (shipped("corpora") / "harbour.txt").read_text("utf-8")
ENGLISH = STORY[-2000:]
GERMAN = """Das Kind stand am Fenster und sah hinaus auf die Straße. Es regnete seit dem frühen Morgen, und das Wasser lief
in kleinen Bächen zwischen den Steinen hinunter zum Fluss. Niemand war draußen, nur der alte Schuster von gegenüber zog
seinen Karren in den Hof und schloss das Tor hinter sich zu. „Wann kommt der Vater nach Hause?“, fragte das Kind. Die
Mutter legte das Brot auf den Tisch und wischte sich die Hände ab. „Wenn die Arbeit getan ist“, sagte sie, „und heute
gibt es viel zu tun.“ Dann schwiegen beide, und man hörte nichts als den Regen auf dem Dach und die große Uhr im Flur.
Gegen Abend wurde es heller. Über den Häusern zeigte sich ein schmaler gelber Streifen, die Vögel begannen wieder zu
singen, und auf dem Pflaster spiegelten sich die ersten Lichter. Da klopfte es dreimal an die Tür, kurz und leise, so
wie immer. Das Kind sprang auf, lief durch den dunklen Gang und öffnete. Draußen stand nicht der Vater, sondern ein
fremder Mann mit einem nassen Hut, der eine Schachtel unter dem Arm trug und höflich nach dem Weg zum Bahnhof fragte.
"""
RUSSIAN = """Ребёнок стоял у окна и смотрел на улицу. С раннего утра шёл дождь, и вода маленькими ручьями бежала между
камнями вниз к реке. На улице никого не было, только старый сапожник из дома напротив втащил свою тележку во двор и
закрыл за собой ворота. «Когда отец придёт домой?» — спросил ребёнок. Мать положила хлеб на стол и вытерла руки. «Когда
кончится работа, — сказала она, — а сегодня её много». Потом оба замолчали, и слышно было только дождь на крыше и
большие часы в коридоре. К вечеру стало светлее. Над домами показалась узкая жёлтая полоса, птицы снова запели, и на
мостовой отразились первые огни. Тут в дверь постучали три раза, коротко и тихо, как всегда.
"""
SETTINGS = [
    "model.cell=gru", "model.hidden_size=32", "model.dropout=0", "model.weight_dropout=0", "training.label_smoothing=0",
    "training.steps=350", "training.batch_size=32", "training.sequence_length=32", "training.learning_rate=0.02",
    "training.ema_decay=null", "training.eval_every=350", "training.sample_every=0", "runtime.threads=1",
]  # fmt: skip


def english_base(folder: Path) -> Path:
    """A run in a second on the beginning of the built-in story, of which it knows some words."""
    text = folder / "english.txt"
    text.write_text(STORY[:100_000], "utf-8")
    list(api.start(api.plan([str(text)], resolve(None, SETTINGS).config), folder / "base").events())
    return folder / "base"
