"""telelake on AWS, proven without AWS: the stack, its packages and its handlers are the real ones, AWS is a stand-in.

`make test` sets up and runs all of it; `make test-aws ARGS='-k faults'` runs a part. The stand-in (`standin.py`, ministack)
lies in `.venv/aws-standin`; packages are built once and kept in pytest's cache until a source or an installed version changes.

- `test_end_to_end.py`: 2,000 updates and the rest through the deployed stack, compared row by row with one machine's.
- `test_faults.py`: a proxy before AWS (`proxy.py`) refuses, loses answers, and kills; nothing is lost, nothing doubled.
- `test_lifetime.py`: a function URL, `telelake destroy`, and a stack made anew from what was kept.
- `test_cdk_app.py`: `deploy/aws` as the `cdk` command starts it, without npm.
- `test_runtime.py`: the packages under the real runtime client (awslambdaric) against a small Runtime API.

What is changed of the template so that the stand-in can run it is in `template.py`, and nowhere else.
"""
