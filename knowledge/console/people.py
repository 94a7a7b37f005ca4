"""Signing in and out, one's own password, and the accounts."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from knowledge.console.desk import COOKIE, Me, Posted, TheDesk, administering, go, text_of
from knowledge.publication.accounts import LONGEST, ROLES, SHORTEST, AccountError, Role

router = APIRouter()


@router.get("/")
async def home() -> RedirectResponse:
    return go("/entries")


@router.get("/sign-in")
async def sign_in_page(request: Request, desk: TheDesk) -> Response:
    return await desk.page(request, "sign_in", problem="", name="", next=_inside(request.query_params.get("next", "")))


@router.post("/sign-in")
async def sign_in(request: Request, desk: TheDesk) -> Response:
    form = await request.form(max_files=0, max_fields=10)
    name, back = text_of(form, "name", 40), _inside(text_of(form, "next", 500))
    password = form.get("password")
    address = request.client.host if request.client else ""
    try:
        token = await desk.office.accounts.sign_in(name, password if isinstance(password, str) else "", address)
    except AccountError as problem:
        told = desk.fill(f"accounts.{problem.reason}")
        status = 429 if problem.reason == "slow" else 401
        return await desk.page(request, "sign_in", None, status, problem=told, name=name, next=back)
    answer = go(back or "/entries")
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=desk.settings.secure, path="/")
    return answer


@router.post("/sign-out")
async def sign_out(desk: TheDesk, posted: Posted) -> Response:
    await desk.office.accounts.sign_out(posted[0].token)
    answer = go("/sign-in", done="signed_out")
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=desk.settings.secure, path="/")
    return answer


@router.get("/account")
async def account_page(request: Request, desk: TheDesk, me: Me) -> Response:
    return await desk.page(request, "account", me, problem="", shortest=SHORTEST, longest=LONGEST)


@router.post("/account")
async def change_password(request: Request, desk: TheDesk, posted: Posted) -> Response:
    me, form = posted
    accounts = desk.office.accounts
    old, new = (str(form.get(name) or "") for name in ("old", "new"))
    try:
        if not await accounts.right(me.staff.name, old):
            raise AccountError("old_wrong")
        await accounts.set_password(me.staff.name, new, me.staff.name, keep=me.token)
    except AccountError as problem:
        told = desk.fill(f"accounts.{problem.reason}", shortest=SHORTEST, longest=LONGEST)
        return await desk.page(request, "account", me, 422, problem=told, shortest=SHORTEST, longest=LONGEST)
    return go("/account", done="password")


@router.get("/staff")
async def staff_page(request: Request, desk: TheDesk, me: Me) -> Response:
    administering(me)
    people = await desk.office.accounts.listed()
    return await desk.page(request, "staff", me, people=people, roles=ROLES, problem="", name="")


@router.post("/staff")
async def add_staff(request: Request, desk: TheDesk, posted: Posted) -> Response:
    me, form = posted
    administering(me)
    accounts, name, role = desk.office.accounts, text_of(form, "name", 40), text_of(form, "role")
    try:
        await accounts.add(name, _role(role) or ROLES[0], str(form.get("password") or ""), me.staff.name)
    except AccountError as problem:
        told = desk.fill(f"accounts.{problem.reason}", shortest=SHORTEST, longest=LONGEST)
        people = await accounts.listed()
        return await desk.page(request, "staff", me, 422, people=people, roles=ROLES, problem=told, name=name)
    return go("/staff", done="staff_added")


@router.post("/staff/{name}")
async def change_staff(request: Request, desk: TheDesk, posted: Posted, name: str) -> Response:
    me, form = posted
    administering(me)
    accounts, action, role = desk.office.accounts, text_of(form, "action"), text_of(form, "role")
    try:
        if action == "role":
            await accounts.change(name, me.staff.name, role=_role(role))
        elif action == "password":
            await accounts.set_password(name, str(form.get("password") or ""), me.staff.name)
        else:
            await accounts.change(name, me.staff.name, active=action == "open")
    except AccountError as problem:
        told = desk.fill(f"accounts.{problem.reason}", shortest=SHORTEST, longest=LONGEST)
        people = await accounts.listed()
        return await desk.page(request, "staff", me, 422, people=people, roles=ROLES, problem=told, name="")
    return go("/staff", done="staff_changed")


def _role(text: str) -> Role | None:
    return next((role for role in ROLES if role == text), None)


def _inside(path: str) -> str:
    """A path of this console; "" for anything that could lead elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else ""
