# docker build -t hanle .
# docker run --rm --shm-size 1g -v "$PWD:/work" hanle mpirun -n 4 hanle run device.toml -o out --engine fenicsx
FROM debian:trixie-slim
COPY tools/debian-packages /tmp/
RUN apt-get update \
    && grep -v '^#' /tmp/debian-packages | xargs apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*
COPY . /opt/hanle
RUN python3 -m venv --system-site-packages /opt/venv && /opt/venv/bin/pip install --no-cache-dir /opt/hanle
# Any user may write caches (docker run --user); a container is one machine, whose root may start MPI.
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp OMP_NUM_THREADS=1 \
    OMPI_MCA_btl=self,sm OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
WORKDIR /work
