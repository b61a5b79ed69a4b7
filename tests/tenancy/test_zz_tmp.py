import sys; sys.path.insert(0,"/tmp/ten")
import devurls
exec(open("/tmp/castrun.py").read())
