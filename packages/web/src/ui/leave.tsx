import { useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { isOver } from '../state/link.js';
import { unsentOf, unsentWords } from '../state/unsent.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** The button to leave the room. Asks first if something is unsent. */
export function Leave({ state }: { state: ConversationState }) {
  const workspace = useWorkspace();
  const [asked, setAsked] = useState(false);
  const say = words().rooms;
  const unsent = unsentWords(unsentOf(state.outgoing, []));
  const leave = () => (unsent === undefined ? workspace.leave() : setAsked(true));
  return (
    <>
      <button type="button" className="quiet leave" title={say.leave} onClick={leave}>
        <Icon name="leave" size={18} />
        <span className="unseen">{say.leave}</span>
        <span className="leave-words" aria-hidden="true">
          {say.leaveShort}
        </span>
      </button>
      {asked && <LeaveRoom state={state} unsent={unsent} onClose={() => setAsked(false)} />}
    </>
  );
}

interface LeaveRoomProps {
  readonly state: ConversationState;
  /** Phrase with the unsent messages, changes and drafts; undefined once everything is sent. */
  readonly unsent: string | undefined;
  readonly onClose: () => void;
}

function LeaveRoom({ state, unsent, onClose }: LeaveRoomProps) {
  const workspace = useWorkspace();
  const conversation = useOpenConversation();
  const over = isOver(state.link);
  const say = words().rooms;
  const discard = () => {
    for (const { id } of state.outgoing) conversation.discard(id);
    workspace.leave();
  };
  return (
    <Dialog title={say.leaveTitle} onClose={onClose}>
      <p>{unsent === undefined ? say.allSent : (over ? say.unsentLost : say.unsentKept)(unsent)}</p>
      <div className="choices">
        {!over && (
          <button type="button" className="primary" onClick={() => workspace.leave()}>
            {say.leaveAnyway}
          </button>
        )}
        {unsent !== undefined && (
          <button type="button" className="danger" onClick={discard}>
            {say.discardAndLeave}
          </button>
        )}
        <button type="button" className="quiet" onClick={onClose}>
          {say.stay}
        </button>
      </div>
    </Dialog>
  );
}
