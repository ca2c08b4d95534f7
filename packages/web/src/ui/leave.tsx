import { useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { isOver } from '../state/link.js';
import { unsentOf, unsentWords } from '../state/unsent.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** The button to leave the room. Asks first if something is unsent. */
export function Leave({ state }: { state: ConversationState }) {
  const workspace = useWorkspace();
  const [asked, setAsked] = useState(false);
  const words = unsentWords(unsentOf(state.outgoing, []));
  const leave = () => (words === undefined ? workspace.leave() : setAsked(true));
  return (
    <>
      <button type="button" className="quiet leave" title="Leave room" onClick={leave}>
        <Icon name="leave" size={18} />
        <span className="leave-words">
          Leave<span className="unseen"> room</span>
        </span>
      </button>
      {asked && <LeaveRoom state={state} words={words} onClose={() => setAsked(false)} />}
    </>
  );
}

interface LeaveRoomProps {
  readonly state: ConversationState;
  /** Phrase with the unsent messages, changes and drafts; undefined once everything is sent. */
  readonly words: string | undefined;
  readonly onClose: () => void;
}

function LeaveRoom({ state, words, onClose }: LeaveRoomProps) {
  const workspace = useWorkspace();
  const conversation = useOpenConversation();
  const over = isOver(state.link);
  const later = over
    ? ' and can no longer be sent.'
    : '. This browser keeps what is unsent, and sends it when you come back to this room.';
  const discard = () => {
    for (const { id } of state.outgoing) conversation.discard(id);
    workspace.leave();
  };
  return (
    <Dialog title="Leave this room?" onClose={onClose}>
      <p>{words === undefined ? 'Everything has been sent.' : `${words}${later}`}</p>
      <div className="choices">
        {!over && (
          <button type="button" className="primary" onClick={() => workspace.leave()}>
            Leave anyway
          </button>
        )}
        {words !== undefined && (
          <button type="button" className="danger" onClick={discard}>
            Discard and leave
          </button>
        )}
        <button type="button" className="quiet" onClick={onClose}>
          Stay
        </button>
      </div>
    </Dialog>
  );
}
