import { AboutChannel } from "./AboutChannel";
import { AddToGroup, LeaveGroup, NewMessage, RenameGroup } from "./GroupDialogs";
import { useShownDialog } from "./open";
import { AddGuild, CreateChannel, DeleteGuild, LeaveGuild } from "./GuildDialogs";
import { HelpSheet } from "./HelpSheet";
import { InviteDialog } from "./InviteDialog";
import { DeleteMessages, Edits } from "./MessageDialogs";
import { ExportDialog } from "./ExportDialog";
import { ForwardDialog } from "./ForwardDialog";
import { LaterDialog } from "./LaterDialog";
import { NoticeDialog } from "./NoticeDialog";
import { StatusDialog } from "./Presence";
import { NicknameDialog } from "./NicknameDialog";
import { RulesDialog } from "./Rules";
import { PollDialog } from "./PollDialog";
import { Switcher } from "./Switcher";
import { ReportDialog } from "./ReportDialog";
import { SeenDialog } from "./SeenDialog";
import { PersonDialog } from "./PersonDialog";
import { SignOutDialog } from "./SignOutDialog";

/** The dialog that is open, if one is. */
export function OpenDialog() {
  const { shown, close } = useShownDialog();
  switch (shown?.dialog) {
    case undefined:
      return null;
    case "add-guild":
      return <AddGuild onClose={close} />;
    case "create-channel":
      return <CreateChannel guild={shown.guild} continues={shown.continues ?? null} onClose={close} />;
    case "new-message":
      return <NewMessage onClose={close} />;
    case "add-to-group":
      return <AddToGroup channel={shown.channel} onClose={close} />;
    case "rename-group":
      return <RenameGroup channel={shown.channel} name={shown.name} onClose={close} />;
    case "leave-group":
      return <LeaveGroup channel={shown.channel} name={shown.name} onClose={close} />;
    case "about-channel":
      return <AboutChannel channel={shown.channel} onClose={close} />;
    case "invite":
      return <InviteDialog guild={shown.guild} onClose={close} />;
    case "leave-guild":
      return <LeaveGuild guild={shown.guild} name={shown.name} onClose={close} />;
    case "delete-guild":
      return <DeleteGuild guild={shown.guild} name={shown.name} onClose={close} />;
    case "delete-messages":
      return <DeleteMessages messages={shown.messages} author={shown.author} {...(shown.done ? { onDone: shown.done } : {})} onClose={close} />;
    case "edits":
      return <Edits channel={shown.channel} message={shown.message} onClose={close} />;
    case "person":
      return <PersonDialog user={shown.user} name={shown.name} onClose={close} />;
    case "nickname":
      return <NicknameDialog guild={shown.guild} user={shown.user} onClose={close} />;
    case "rules":
      return <RulesDialog guild={shown.guild} onClose={close} />;
    case "sign-out":
      return <SignOutDialog onClose={close} />;
    case "poll":
      return <PollDialog channel={shown.channel} onClose={close} />;
    case "forward":
      return <ForwardDialog message={shown.message} onClose={close} />;
    case "export":
      return <ExportDialog channel={shown.channel} place={shown.place} onClose={close} />;
    case "switcher":
      return <Switcher onClose={close} />;
    case "report":
      return <ReportDialog message={shown.message} onClose={close} />;
    case "seen":
      return <SeenDialog channel={shown.channel} onClose={close} />;
    case "notice":
      return <NoticeDialog about={shown.about} name={shown.name} onClose={close} />;
    case "later":
      return <LaterDialog channel={shown.channel} place={shown.place} text={shown.text} onClose={close} />;
    case "status":
      return <StatusDialog onClose={close} />;
    case "help":
      return <HelpSheet onClose={close} />;
  }
}
