# build/tree shows the folders under their import names, for tools that read files instead of importing them.
.PHONY: tree lint
tree:
	@mkdir -p build/tree/hanle && ln -sfn ../../../hanle/py.typed build/tree/hanle/py.typed
	@for f in hanle/*.py; do ln -sfn ../../../$$f build/tree/$$f; done
	@for d in pde boundary materials meshes; do ln -sfn ../../../$$d build/tree/hanle/$$d; done

lint: tree
	ruff check . && ruff format --check . && mypy build/tree/hanle
