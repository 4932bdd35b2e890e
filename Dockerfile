FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /srv/entreposto

# Exactly what the tests ran with: every file is compared with its hash.
COPY requirements/runtime.txt requirements/runtime.txt
RUN pip install --require-hashes --requirement requirements/runtime.txt

# What belongs here is named in .dockerignore, which refuses everything else.
COPY . .

ENV STATIC_ROOT=/srv/static
# DEBUG, for this line only, is what needs no secret: none may stay in a layer.
RUN DEBUG=1 python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q . \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin entreposto

USER entreposto
EXPOSE 8000
CMD ["python", "-m", "config.serve", "--host", "0.0.0.0", "--port", "8000"]
