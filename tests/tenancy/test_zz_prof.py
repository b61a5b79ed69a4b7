import sys; sys.path.insert(0,"/tmp/ten")
import devurls, pytest, cProfile, pstats, time_machine, time
@pytest.mark.django_db
def test_it(django_assert_max_num_queries):
    from tests.cast import make_cast, NOW
    from django.test.utils import CaptureQueriesContext
    from django.db import connection
    make=make_cast
    with time_machine.travel(NOW, tick=False):
        from django.db import transaction
        with transaction.atomic():
            t=time.process_time(); make(); print("cpu", time.process_time()-t); transaction.set_rollback(True)
        with transaction.atomic():
            with CaptureQueriesContext(connection) as q: make()
            print("queries", len(q)); transaction.set_rollback(True)
        p=cProfile.Profile(); p.enable(); make(); p.disable()
        pstats.Stats(p).sort_stats("cumtime").print_stats(45)
