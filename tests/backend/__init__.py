"""Tests of the backend contract, its client and the reference backend, over real HTTP on 127.0.0.1."""
