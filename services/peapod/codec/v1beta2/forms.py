"""The kinds of v1beta2: those of v1beta1, without the older words for two names."""

from __future__ import annotations

from dataclasses import replace

from peapod.codec.v1beta1 import forms
from peapod.codec.v1beta2.container import ENV, MOUNT

OWN = {table.name: table for table in (ENV, MOUNT)}

FORMS = tuple(replace(form, table=form.table.revised(OWN)) for form in forms.FORMS)
