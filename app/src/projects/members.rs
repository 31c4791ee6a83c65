//! Members and invitations on the settings page.

use super::{
    api::{Invite, RemoveMember, SetMemberRole, WithdrawInvitation},
    text,
};
use crate::{
    text::lang,
    ui::{
        copy::CopyText,
        field::{Confirm, Field},
        form::PostForm,
        format::Time,
    },
    words,
};
use domain::{
    access::Role,
    id::{ProjectId, UserId},
    people::{Invitation, Member},
};
use leptos::{either::Either, form::ActionForm, prelude::*};

/// Who is in, and what each role means. An owner can change roles and remove members.
#[component]
pub(super) fn Members(project: ProjectId, me: UserId, members: Vec<Member>, owner: bool) -> impl IntoView {
    let l = lang();
    view! {
        <section id="members" class="stack">
            <h2>{text::members(l)}</h2>
            <div class="table-wrap">
                <table class="table">
                    <thead><tr>
                        <th scope="col">{text::member(l)}</th>
                        <th scope="col">{text::role(l)}</th>
                        <th scope="col">{text::since(l)}</th>
                        {owner.then(|| view! { <th scope="col"><span class="visually-hidden">{text::actions(l)}</span></th> })}
                    </tr></thead>
                    <tbody>{members.into_iter().map(|member| view! { <MemberRow project is_me={member.user_id == me} member owner/> }).collect_view()}</tbody>
                </table>
            </div>
            <details class="fold">
                <summary>{text::roles_title(l)}</summary>
                <dl class="meta">
                    {Role::ALL.map(|role| view! { <div><dt>{words::role(l, role)}</dt><dd>{may(role)}</dd></div> }).collect_view()}
                </dl>
            </details>
        </section>
    }
}

fn may(role: Role) -> &'static str {
    let l = lang();
    match role {
        Role::Owner => text::owner_may(l),
        Role::Scientist => text::scientist_may(l),
        Role::Annotator => text::annotator_may(l),
        Role::Manager => text::manager_may(l),
    }
}

#[component]
fn MemberRow(project: ProjectId, member: Member, is_me: bool, owner: bool) -> impl IntoView {
    let l = lang();
    let role = if owner {
        Either::Left(view! { <RoleForm project member=member.clone()/> })
    } else {
        Either::Right(words::role(l, member.role))
    };
    let (label, question) = if is_me {
        (text::leave(l), text::leave_question(l).to_owned())
    } else {
        (text::remove(l), text::remove_question(l, &member.name))
    };
    view! {
        <tr>
            <th scope="row">
                <bdi>{member.name}</bdi> " " {is_me.then(|| view! { <span class="badge badge-quiet">{text::you(l)}</span> })}
                <br/><span class="muted">{member.email}</span>
            </th>
            <td>{role}</td>
            <td class="nowrap"><Time at=member.added_at/></td>
            {owner.then(|| view! {
                <td class="num">
                    <Confirm label=label question>
                        <ActionForm action={ServerAction::<RemoveMember>::new()}>
                            <input type="hidden" name="project" value=project.to_string()/>
                            <input type="hidden" name="user" value=member.user_id.to_string()/>
                            <button class="button button-danger" type="submit">{label}</button>
                        </ActionForm>
                    </Confirm>
                </td>
            })}
        </tr>
    }
}

#[component]
fn RoleForm(project: ProjectId, member: Member) -> impl IntoView {
    let l = lang();
    view! {
        <ActionForm action={ServerAction::<SetMemberRole>::new()} attr:class="toolbar role-form">
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="user" value=member.user_id.to_string()/>
            <RoleSelect label=text::role_of(l, member.name) chosen=member.role/>
            <button class="button button-small" type="submit">{text::change_role(l)}</button>
        </ActionForm>
    }
}

#[component]
fn RoleSelect(
    #[prop(into, optional)] label: Option<String>,
    #[prop(into, optional)] id: Option<String>,
    chosen: Role,
) -> impl IntoView {
    view! {
        <select name="role" id=id aria-label=label>
            {Role::ALL.map(|role| view! {
                <option value=role.as_str() selected={role == chosen}>{words::role(lang(), role)}</option>
            }).collect_view()}
        </select>
    }
}

/// The form for a new invitation, its link once, and those still open.
#[component]
pub(super) fn Invitations(
    project: ProjectId,
    invitations: Vec<Invitation>,
    fresh_link: Option<String>,
) -> impl IntoView {
    let l = lang();
    view! {
        <section id="invitations" class="stack">
            <div>
                <h2>{text::invitations(l)}</h2>
                <p class="muted">{text::invitations_lead(l)}</p>
            </div>
            {fresh_link.map(|link| view! {
                <div class="notice notice-good" role="status">
                    <strong>{text::new_link_title(l)}</strong>
                    <p>{text::new_link_hint(l)}</p>
                    <CopyText id="new-link" text=link/>
                </div>
            })}
            <PostForm action={ServerAction::<Invite>::new()} class="card">
                <input type="hidden" name="project" value=project.to_string()/>
                <div class="field-row">
                    <Field id="invite-role" label=text::role(l)>
                        <RoleSelect id="invite-role" chosen=Role::Scientist/>
                    </Field>
                    <Field id="invite-email" label=text::email(l) help=text::email_help(l)>
                        <input id="invite-email" name="email" type="email" maxlength="254" autocomplete="off" aria-describedby="invite-email-help"/>
                    </Field>
                </div>
                <button class="button" type="submit">{text::invite(l)}</button>
            </PostForm>
            <OpenInvitations project invitations/>
        </section>
    }
}

#[component]
fn OpenInvitations(project: ProjectId, invitations: Vec<Invitation>) -> impl IntoView {
    let l = lang();
    if invitations.is_empty() {
        return Either::Left(view! { <p class="muted">{text::no_invitations(l)}</p> });
    }
    Either::Right(view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr>
                    <th scope="col">{text::invited(l)}</th>
                    <th scope="col">{text::role(l)}</th>
                    <th scope="col">{text::expires(l)}</th>
                    <th scope="col"><span class="visually-hidden">{text::actions(l)}</span></th>
                </tr></thead>
                <tbody>
                    {invitations.into_iter().map(|i| view! {
                        <tr>
                            <th scope="row">{if i.email.is_empty() { text::anybody(l).to_owned() } else { i.email }}</th>
                            <td>{i.role.map(|role| words::role(l, role))}</td>
                            <td class="nowrap"><Time at=i.expires_at/></td>
                            <td class="num">
                                <ActionForm action={ServerAction::<WithdrawInvitation>::new()}>
                                    <input type="hidden" name="project" value=project.to_string()/>
                                    <input type="hidden" name="invitation" value=i.id.to_string()/>
                                    <button class="button button-small" type="submit">{text::withdraw(l)}</button>
                                </ActionForm>
                            </td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    })
}
