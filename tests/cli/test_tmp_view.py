import pytest
from tests.cli.situations import *
@pytest.mark.parametrize("s", [s for ss in SITUATIONS.values() for s in ss], ids=lambda s: s.__name__)
def test_view(office, s):
    s(office); office.reconcile(force=True)
    out=f"\n######## {s.__name__}\n"
    for c in (("status",),("plan",),("explain","orders-mq"),("history","orders-mq")):
        said=office.run(*c); out+=f"$ {' '.join(c)}\n{said.out}{said.err}"
    open("/tmp/view.txt","a").write(out)
