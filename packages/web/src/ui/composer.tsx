import {
  type ClipboardEvent,
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useEffectEvent,
  useId,
  useRef,
  useState,
} from 'react';
import { allowedActions } from '../state/allowed-actions.js';
import { bytesOver } from '../state/bytes.js';
import type { ConversationState } from '../state/conversation-state.js';
import { directionOf } from '../state/direction.js';
import { type Mentionable, mentionedIn } from '../state/mentions.js';
import { hasHistory } from '../state/retention.js';
import { lastOwn } from '../state/timeline.js';
import { words } from '../words/words.js';
import { AttachButton } from './attach-button.js';
import { CompletionList } from './completion-list.js';
import { DialogOnDemand } from './dialog-on-demand.js';
import { Icon } from './icon.js';
import { type Intent, type IntentRequest, newMessage } from './intent.js';
import { IntentLine } from './intent-line.js';
import { fine, typedAhead, typesElsewhere } from './typed-ahead.js';
import { useAttached } from './use-attached.js';
import { useCommands } from './use-commands.js';
import { useCompletion } from './use-completion.js';
import { useDraft } from './use-draft.js';
import { useLeaveGuard } from './use-leave-guard.js';
import { useMentionable } from './use-mentionable.js';
import { useTyping } from './use-typing.js';
import { WithFileParts } from './with-file-parts.js';
import { useOpenConversation } from './workspace-context.js';

interface ComposerProps {
  readonly intent: Intent;
  readonly state: ConversationState;
  readonly onIntent: (request: IntentRequest) => void;
}

/**
 * Removes empty lines at the start, and white space at the end. Keeps the indentation of the first
 * line.
 */
function trimLines(text: string): string {
  return text.replace(/^(?:[^\S\n]*\n)+/, '').trimEnd();
}

/**
 * Returns whether a key sends the message. Enter without Shift does, unless it confirms text in an
 * input method editor. The key code is checked too, because some browsers report the end of the
 * composition before the key.
 */
function isSend({ key, shiftKey, nativeEvent: { isComposing, keyCode } }: KeyboardEvent): boolean {
  return key === 'Enter' && !shiftKey && !isComposing && keyCode !== 229;
}

/**
 * Returns the request of a shortcut key: to cancel a reply or an edit, or to edit the last message.
 */
function requestOf(key: string, intent: Intent, state: ConversationState): IntentRequest | undefined {
  if (key === 'Escape' && (intent.do === 'reply' || intent.do === 'edit')) return newMessage;
  const own = key === 'ArrowUp' && allowedActions(state).change ? lastOwn(state) : undefined;
  return own && { do: 'edit', target: own };
}

/** The field for a new message, a reply or an edit. */
export function Composer({ intent, state, onIntent }: ComposerProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const draft = useDraft(intent);
  const typing = useTyping();
  const { text } = draft;
  const { people, outOf } = useMentionable(state, text.includes('@'));
  const commands = useCommands(state, text.startsWith('/'));
  const allowed = allowedActions(state);
  const tooMany = bytesOver(text, state.maxBytes);
  const { channelId } = useOpenConversation();
  const attached = useAttached(channelId, allowed.say && mayHaveFiles(intent, state));
  const hasContent = attached.isReady && (attached.hasSome || trimLines(text) !== '');
  const isReady = allowed.say && tooMany === 0 && intent.do !== 'gone' && hasContent;
  const submit = useSubmit(intent, people);
  const voice = useVoice(area);
  useLeaveGuard(trimLines(text) !== '' || state.outgoing.length > 0);
  const onText = (typed: string) => {
    draft.setText(typed);
    typing.go(typed);
  };
  useTypedAhead(channelId, onText);
  useFocus(area, channelId, intent);
  const completion = useCompletion({ area, text, people, commands, onText });
  const send = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (!isReady) return;
    submit(trimLines(text), attached.take());
    draft.clear();
    typing.stop();
    onIntent(newMessage);
  };
  const cancel = () => onIntent(newMessage);
  const onKey = (event: KeyboardEvent) => {
    if (completion.takesKey(event)) return event.preventDefault();
    if (isSend(event)) send(event);
    const request = text === '' || event.key === 'Escape' ? requestOf(event.key, intent, state) : undefined;
    if (request !== undefined) onIntent(request);
  };
  const onNew = () => {
    draft.keepAsNew();
    onIntent(newMessage);
  };
  const attach = (files: readonly File[]) => {
    attached.attach(files);
    focusField(area);
  };
  const onFiles = mayHaveFiles(intent, state) ? attach : undefined;
  return (
    <form className="composer" onSubmit={send}>
      <IntentLine intent={intent} names={state.names} onCancel={cancel} onNew={onNew} />
      <Enclosed channelId={channelId} hasFiles={attached.hasSome} voice={voice} />
      <Writing {...{ area, text, over: !allowed.say, isReady, completion, onText, onKey, onFiles }}>
        {attached.mayRecord && <VoiceButton onRecord={voice.open} />}
      </Writing>
      {attached.isOver && <p className="drop-here">{words().conversation.dropHere}</p>}
      {outOf > 0 && completion.isOfPeople && <SomeMembers outOf={outOf} />}
      {tooMany > 0 && <TooLong bytes={tooMany} most={state.maxBytes ?? 0} />}
    </form>
  );
}

/** Focuses the field, unless that would open a keyboard on the screen. */
function focusField(area: React.RefObject<HTMLTextAreaElement | null>): void {
  if (matchMedia(fine).matches) area.current?.focus();
}

/** Opens and closes the bar that records a voice message. */
function useVoice(area: React.RefObject<HTMLTextAreaElement | null>) {
  const [isOpen, setIsOpen] = useState(false);
  const close = () => {
    setIsOpen(false);
    focusField(area);
  };
  return { isOpen, open: () => setIsOpen(true), close };
}

interface EnclosedProps {
  readonly channelId: number;
  readonly hasFiles: boolean;
  readonly voice: ReturnType<typeof useVoice>;
}

/** The attached files, and the bar that records a voice message. */
function Enclosed({ channelId, hasFiles, voice }: EnclosedProps) {
  return (
    <>
      {hasFiles && <WithFileParts show={({ AttachedFiles }) => <AttachedFiles channelId={channelId} />} />}
      {voice.isOpen && (
        <WithFileParts
          show={({ VoiceBar }) => <VoiceBar key={channelId} channelId={channelId} onClose={voice.close} />}
        />
      )}
    </>
  );
}

/** Returns whether what the user writes can have files: a new message that the server stores. */
function mayHaveFiles(intent: Intent, { channel }: ConversationState): boolean {
  return (intent.do === 'say' || intent.do === 'reply') && channel !== undefined && hasHistory(channel);
}

/** Returns a function that sends a text and files as the current intent requires. */
function useSubmit(intent: Intent, people: readonly Mentionable[]) {
  const conversation = useOpenConversation();
  return (text: string, fileIds: readonly string[]) => {
    if (intent.do === 'edit') return conversation.change('edit', intent.line.seq, text);
    const mentions = mentionedIn(
      text,
      people.map(({ id }) => id),
    );
    conversation.say(text, intent.do === 'reply' ? intent.line.seq : undefined, { mentions, fileIds });
  };
}

/** Puts what the user typed while the chat opened into its field. */
function useTypedAhead(channelId: number, onText: (text: string) => void): void {
  const put = useEffectEvent(onText);
  useEffect(() => {
    const typed = typedAhead(channelId);
    if (typed !== '') put(typed);
  }, [channelId]);
}

/** Focuses the field when the intent changes. */
function useFocus(area: React.RefObject<HTMLTextAreaElement | null>, channelId: number, intent: Intent): void {
  const what = intent.do;
  const seq = intent.do === 'reply' || intent.do === 'edit' ? intent.line.seq : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another message is another intent
  useEffect(() => {
    if (typesElsewhere(channelId)) return;
    if (what !== 'say' || matchMedia(fine).matches) area.current?.focus();
  }, [area, channelId, what, seq]);
}

function TooLong({ bytes, most }: { bytes: number; most: number }) {
  return (
    <p className="too-long" role="status">
      {words().conversation.tooLong(bytes, most)}
    </p>
  );
}

function SomeMembers({ outOf }: { outOf: number }) {
  return (
    <p className="hint" role="status">
      {words().conversation.someMembers(outOf)}
    </p>
  );
}

interface WritingProps {
  readonly area: React.RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  /** Whether the user cannot send messages now. */
  readonly over: boolean;
  /** Whether the text can be sent. */
  readonly isReady: boolean;
  readonly completion: ReturnType<typeof useCompletion>;
  readonly onText: (text: string) => void;
  readonly onKey: (event: KeyboardEvent) => void;
  /** Attaches files; undefined if the message can have none. */
  readonly onFiles: ((files: readonly File[]) => void) | undefined;
  /** Further buttons. */
  readonly children: ReactNode;
}

function Writing({ area, text, over, isReady, completion, onText, onKey, onFiles, children }: WritingProps) {
  const id = useId();
  const say = words().conversation;
  const { choices, chosen, pick, follow, insert } = completion;
  return (
    <div className="writing">
      <CompletionList id={`${id}-choices`} choices={choices} chosen={chosen} onPick={pick} />
      <label className="unseen" htmlFor={id}>
        {say.message}
      </label>
      <textarea
        id={id}
        ref={area}
        rows={1}
        value={text}
        placeholder={over ? say.closed : say.write}
        disabled={over}
        dir={directionOf(text)}
        aria-autocomplete="list"
        aria-controls={choices.length > 0 ? `${id}-choices` : undefined}
        aria-activedescendant={choices.length > 0 ? `${id}-choices-${chosen}` : undefined}
        onChange={(event) => {
          onText(event.target.value);
          follow();
        }}
        onSelect={follow}
        onKeyDown={onKey}
        onPaste={(event) => pasteFiles(event, onFiles)}
      />
      {!over && onFiles !== undefined && <AttachButton onFiles={onFiles} />}
      {children}
      {!over && <EmojiButton onPick={insert} />}
      <button type="submit" className="send" aria-label={say.send} title={say.send} disabled={!isReady}>
        <Icon name="send" />
      </button>
    </div>
  );
}

/** Attaches the files of the clipboard. If it also has text, such as a copied table, only the text is pasted. */
function pasteFiles(event: ClipboardEvent, onFiles: WritingProps['onFiles']): void {
  const files = [...event.clipboardData.files];
  if (onFiles === undefined || files.length === 0 || event.clipboardData.types.includes('text/plain')) return;
  event.preventDefault();
  onFiles(files);
}

/** Begins a voice message. */
function VoiceButton({ onRecord }: { onRecord: () => void }) {
  const { recordVoice } = words().conversation;
  return (
    <button type="button" className="icon-button" aria-label={recordVoice} title={recordVoice} onClick={onRecord}>
      <Icon name="microphone" />
    </button>
  );
}

/** Opens the list of emoji. */
function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const { emoji } = words().conversation;
  const close = () => setIsOpen(false);
  const pick = (picked: string) => {
    close();
    onPick(picked);
  };
  return (
    <>
      <button type="button" className="icon-button" aria-label={emoji} title={emoji} onClick={() => setIsOpen(true)}>
        <Icon name="smile" />
      </button>
      {isOpen && (
        <DialogOnDemand
          title={emoji}
          onClose={close}
          show={({ EmojiDialog }) => <EmojiDialog title={emoji} onPick={pick} onClose={close} />}
        />
      )}
    </>
  );
}
