"""What the ledger says of the claims that a page is about, with the way there."""

from __future__ import annotations

from collections.abc import Sequence

import evidence_html
import streamlit as st
import study_cache
from lesson import shows
from run_words import html as escape
from run_words import literal


def show_verdicts(claims: Sequence[str], lead: str = "One run is one draw of chance.") -> None:
    """A line a claim, by its id; nothing of claims that the chosen study does not have."""
    if not shows("verdict"):
        return
    name = st.session_state.get("study") or "shipped"
    study = study_cache.resolve(name).study
    if study is None:
        return
    with study_cache.study_problems():
        known = {claim.id: claim for claim in study.claims}
        reading = study_cache.reading(study)
        whole = {verdict.claim: verdict for verdict in reading.verdicts if not verdict.cell}
        told = [one for one in claims if one in known and one in whole]
        if not told:
            return
        st.html(evidence_html.STYLE)
        with st.container(border=True, gap="small"):
            st.markdown(f"**{lead}** What the ledger says after many draws of people:")
            for one in told:
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    st.html(evidence_html.chip(whole[one].verdict, whole[one].badge), width="content")
                    st.page_link(
                        "views/evidence.py", label=f"Claim {literal(one)}", icon=":material/science:", width="content",
                        query_params={"claim": one, "study": name},
                    )  # fmt: skip
                reason = evidence_html.with_code(evidence_html.short_reason(whole[one], reading))
                st.html(f'<p>{escape(known[one].sentence)} <span class="md-muted">{reason}.</span></p>')
