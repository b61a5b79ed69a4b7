import pytest
from hypothesis import Phase
from billing.tests.test_money_machine import *
import billing.operations.payments as P, billing.operations.invoices as I, billing.operations.refunds as R
def run(cast):
    MoneyMachine.cast = cast
    run_state_machine_as_test(MoneyMachine, settings=settings(max_examples=60, phases=[Phase.generate], report_multiple_bugs=False, stateful_step_count=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)))
def m1(mp): mp.setattr(P, "owe_back", lambda *a, **k: None)
def m4(mp): mp.setattr(I, "_credit", lambda *a, **k: None)
def m5(mp): mp.setattr(P, "outstanding", lambda i: i.total)
def m7(mp):
    old = R.send_refund
    def f(pk):
        with everywhere(): Refund.objects.filter(pk=pk, status="unclear").update(status="due")
        old(pk)
    mp.setattr(operations, "send_refund", f)
@pytest.mark.parametrize("m", [m1, m4, m5])
def test_mut(cast, monkeypatch, m):
    m(monkeypatch)
    try:
        run(cast)
    except BaseException as e:
        print(m.__name__, type(e).__name__, str(e)[:200])
    else:
        print(m.__name__, "SURVIVED")
