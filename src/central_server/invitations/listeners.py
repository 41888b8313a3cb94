from central.invitations.events import InvitationMailRequested
from central_server.infra.outbox import BatchListener
from central_server.invitations.handlers import MailInvitation

LISTENERS = (BatchListener("invitations.mail_invitation", InvitationMailRequested, MailInvitation),)
