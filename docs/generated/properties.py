"""Every property that a verdict may name, from the tables of specs/*/properties.md."""

from docs.generated.markdown import code, plain, table
from specs import properties


def markdown() -> str:
    """A section for each feature: id, sentence, what holds it."""
    found = properties.read()
    parts = []
    for feature in sorted({one.feature for one in found.values()}):
        own = sorted((key for key in found if found[key].feature == feature), key=properties.order)
        rows = [
            (
                code(key),
                plain(found[key].sentence),
                plain(found[key].on_traces),
                "yes" if found[key].by_model else "",
                plain(found[key].proofs),
            )
            for key in own
        ]
        link = f"[specification](../../specs/{feature}/properties.md)"
        columns = ("id", "property", "checked on traces", "by TLC, within bounds", "proved without bounds")
        parts.append(f"## {feature}\n\n{link}\n\n{table(columns, rows)}")
    return "\n".join(parts)
