"""What was kept before is found by its whole pinyin too: it is read off the characters that stand among the tokens."""

import re

from django.db import migrations

HAN = re.compile("[㐀-䶿一-鿿]{1,2}")


def add(apps, schema_editor):
    from punctual.platform.search.tokens import syllable_tokens

    documents = apps.get_model("search", "SearchDocument").objects
    batch = []
    for document in documents.only("pk", "tokens").iterator(500):
        kept = document.tokens.split(" ")
        more = {token for one in kept if HAN.fullmatch(one) for token in syllable_tokens(one)}
        if more:
            document.tokens = " ".join(sorted({*kept, *more}))
            batch.append(document)
        if len(batch) == 500:
            documents.bulk_update(batch, ["tokens"])
            batch = []
    documents.bulk_update(batch, ["tokens"])


class Migration(migrations.Migration):
    dependencies = [("search", "0002_full_text")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
