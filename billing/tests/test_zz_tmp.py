import pytest
from billing.tests.test_money_machine import *
import billing.operations.payments as P, billing.operations.invoices as I, billing.operations.refunds as R
from billing.models import Attempt
def run(cast):
    MoneyMachine.cast = cast
    run_state_machine_as_test(MoneyMachine, settings=settings(max_examples=60, stateful_step_count=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)))
def m1(mp): mp.setattr(P, "owe_back", lambda *a, **k: None)
def m2(mp): mp.setattr(P, "_mismatch", lambda a, b: "")
def m3(mp):
    def claim(refund_id):
        with everywhere():
            r = R._locked(refund_id); return r
    mp.setattr(R, "_keep_answer", lambda refund, answer: None)
def m4(mp): mp.setattr(I, "_credit", lambda *a, **k: None)
def m5(mp): mp.setattr(P, "outstanding", lambda i: i.total)
def m6(mp): mp.setattr(P, "record", lambda *a, **k: None)
@pytest.mark.parametrize("m", [m1, m2, m4, m5])
def test_mut(cast, monkeypatch, m):
    m(monkeypatch)
    with pytest.raises(BaseException) as e:
        run(cast)
    print(m.__name__, type(e.value).__name__, str(e.value)[:200])
