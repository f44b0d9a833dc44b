"""One document a thing, written as tokens that any database's full-text index can hold."""

from django.db import models


class SearchDocument(models.Model):
    """``tokens`` are blank-separated: Chinese bigrams and characters, pinyin initials, words and their beginnings."""

    target_type = models.CharField(max_length=40)
    target_id = models.BigIntegerField()
    label = models.CharField(max_length=200)
    detail = models.CharField(max_length=300, blank=True)
    tokens = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["target_type", "target_id"], name="search_one_document")]

    def __str__(self) -> str:
        return self.label
