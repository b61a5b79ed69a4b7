import pytest, collections, time
from hypothesis import Phase
from billing.tests.test_money_machine import *
import billing.operations.payments as P, billing.operations.invoices as I, billing.operations.refunds as R
C = collections.Counter()
class M(MoneyMachine):
    def _assert_all_captured_money_arrived(self):
        C["runs"] += 1
        with everywhere():
            C["payments"] += Payment.objects.count(); C["online"] += Payment.objects.filter(attempt__method="online").count()
            C["refunds"] += Refund.objects.count(); C["gone back"] += Payment.objects.filter(refund_total__gt=0).count()
            C["notes"] += Invoice.objects.filter(kind="credit_note").count()
            C["attempts"] += Attempt.objects.count(); C["invoices"] += Invoice.objects.count()
            for s in Refund.objects.values_list("status", flat=True): C["refund " + s] += 1
            for s in Attempt.objects.values_list("status", flat=True): C["attempt " + s] += 1
            for s in Invoice.objects.values_list("status", flat=True): C["invoice " + s] += 1
        super()._assert_all_captured_money_arrived()
def run(cast, n=30):
    MoneyMachine.cast = cast
    run_state_machine_as_test(M, settings=settings(max_examples=n, phases=[Phase.generate], report_multiple_bugs=False, stateful_step_count=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)))
def m1(mp): mp.setattr(P, "owe_back", lambda *a, **k: None)
def m4(mp): mp.setattr(I, "_credit", lambda *a, **k: None)
def m5(mp): mp.setattr(P, "outstanding", lambda i: i.total)
def m0(mp): pass
@pytest.mark.parametrize("m", [m0, m1, m4, m5])
def test_mut(cast, monkeypatch, m):
    m(monkeypatch)
    t = time.time()
    try:
        run(cast)
    except BaseException as e:
        print(m.__name__, type(e).__name__, str(e)[:200], time.time()-t)
    else:
        print(m.__name__, "SURVIVED", time.time()-t)
    print(C)
