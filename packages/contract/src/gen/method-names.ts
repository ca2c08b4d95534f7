// Generated from the descriptor set. DO NOT EDIT.

/** Method names by the full name of the service, for each service of the descriptor set. */
export const methodNames: Readonly<Record<string, readonly string[]>> = {
  "chat.v1.ChannelService": [
    "List",
    "ListChannels",
    "Create",
    "Delete",
    "Listen",
    "Report",
    "Update",
    "OpenDirect",
    "Overview",
    "ListMembers",
    "ListCommands",
    "ChangeMember",
    "AddMembers",
    "CreateInvite",
    "ListInvites",
    "RevokeInvite",
    "PreviewInvite",
    "CreateIncomingWebhook",
    "ListIncomingWebhooks",
    "RotateIncomingWebhook",
    "DeleteIncomingWebhook",
    "CreateOutgoingWebhook",
    "ListOutgoingWebhooks",
    "RotateOutgoingWebhook",
    "ResumeOutgoingWebhook",
    "DeleteOutgoingWebhook",
    "ListDeadLetters",
    "Join",
    "History",
    "Search",
    "UpdateReceipt",
    "ListReceipts",
    "SetNotify",
    "ListNotifications",
    "MarkNotifications",
    "GetPush",
    "SetPush",
    "SetBlock",
    "ListBlocked",
    "ReportAbuse",
    "Locate"
  ],
  "chat.v1.AdminService": [
    "ListServers",
    "Drain",
    "ListGateways",
    "SetUser",
    "Kick",
    "ListAudit",
    "ListUsers",
    "ListAllChannels",
    "ListAbuseReports",
    "ResolveAbuseReport",
    "DeleteUser",
    "ExportUser",
    "SetHold",
    "ListHolds",
    "ReleaseHold",
    "ExportHold"
  ],
  "chat.v1.ChatService": [
    "Connect",
    "Add",
    "Remove",
    "Subscribe",
    "Send",
    "Disconnect",
    "ShowReceipt",
    "Drain",
    "Relay"
  ],
  "chat.v1.InboxService": [
    "Watch",
    "Post",
    "Session"
  ],
  "chat.v1.UserService": [
    "Register",
    "Login",
    "Logout",
    "Get",
    "Update",
    "Search",
    "ListSessions",
    "CreateBot",
    "ListBots",
    "RevokeBot",
    "SetBotCommands",
    "ResetPassword"
  ],
  "ChannelService": [
    "List",
    "Create",
    "Delete",
    "Listen",
    "Report"
  ],
  "ChatService": [
    "Connect",
    "Add",
    "Remove"
  ],
  "UserService": [
    "Register",
    "Login"
  ],
  "grpc.health.v1.Health": [
    "Check",
    "Watch",
    "List"
  ],
  "grpc.reflection.v1.ServerReflection": [
    "ServerReflectionInfo"
  ],
  "grpc.reflection.v1alpha.ServerReflection": [
    "ServerReflectionInfo"
  ]
};
