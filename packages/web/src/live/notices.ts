import type { NotificationItem } from '@parley/client';
import { type Line, saidAt } from '../state/lines.js';
import { type NoticeSettings, quietForMs } from '../state/notice-settings.js';
import { membershipNotice, messageNotice, messagesOf, type NewMessage, replyOf, withNews } from '../state/notices.js';
import { steadyNow } from '../state/steady-now.js';
import { chatTag, type SystemNotice } from '../state/system-notice.js';
import { wordsLanguage } from '../words/words.js';
import type { BrowserPush, PushResult } from './browser-push.js';
import { playChime } from './chime.js';
import type { InboxBatch } from './inbox-reader.js';
import type { InboxNotice } from './page-inbox.js';
import type { StoredNoticeSettings } from './stored-notice-settings.js';
import { closeNotices, openPressedNotices, showNotice, watchPermission } from './system-notices.js';
import type { UserChats } from './user-chats.js';

/** Wait before the user learns of a message, in milliseconds: a tab or device that shows it marks it as read. */
const graceMs = 1_000;
/** Maximum number of unread messages of a chat that one notification counts. */
const mostUnread = 100;

/** Tells the user of what is new, in the leading tab, as the settings say. */
export class Notices {
  readonly settings: StoredNoticeSettings;
  readonly push: BrowserPush;
  readonly #chats: UserChats;
  /** The messages that the user has not read, by chat, since the page was opened. */
  readonly #unread = new Map<number, readonly NewMessage[]>();
  /** Ids of the chats of which the user will learn soon. */
  readonly #waiting = new Set<number>();
  readonly #stops: (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(chats: UserChats, settings: StoredNoticeSettings, push: BrowserPush) {
    this.#chats = chats;
    this.settings = settings;
    this.push = push;
    this.#stops = [
      chats.onNotice((notice) => this.#take(notice)),
      chats.subscribe(() => this.#forgetRead()),
      openPressedNotices(),
    ];
  }

  async start(): Promise<void> {
    await Promise.all([this.settings.start(), watchPermission()]);
    if (this.settings.state().pushes) await this.change({}).catch(() => {}); // The next start tries again.
  }

  /**
   * Changes settings, in every tab and for Web Push.
   * @throws {Refusal}
   */
  async change(change: Partial<NoticeSettings>): Promise<PushResult> {
    const { pushes } = this.settings.state();
    await this.settings.change({ ...change, language: wordsLanguage() });
    if (!pushes && !this.settings.state().pushes) return 'off';
    const result = await this.push.update();
    if (result === 'refused') await this.settings.change({ pushes: false });
    return result;
  }

  /** Turns "do not disturb" on for a time, or off with 0. @throws {Refusal} */
  async beQuiet(seconds: number): Promise<void> {
    const quietUntilMs = seconds === 0 ? 0 : this.#serverNowMs() + seconds * 1_000;
    await this.change({ quietUntilMs });
  }

  /** Returns for how many more milliseconds the user does not want to be disturbed. */
  quietForMs(): number {
    return quietForMs(this.settings.state(), this.#serverNowMs());
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#timer);
    this.settings.close();
  }

  #serverNowMs(): number {
    return steadyNow() + this.#chats.state().aheadMs;
  }

  #take(notice: InboxNotice): void {
    if (notice.type === 'entries') this.#takeEntries(notice.batch);
    else this.#takeNotification(notice.notification);
  }

  #takeEntries({ channelId: id, entries }: InboxBatch): void {
    const { items, me } = this.#chats.state();
    const lines = this.#linesOf(id);
    const isOwn = (seq: number) => saidAt(lines, seq)?.sender === me;
    this.#wait(id, messagesOf(entries, { me, notify: items[id]?.notify ?? 'none', isOwn }));
    const deleted = new Set(entries.flatMap((entry) => (entry.type === 'delete' ? [entry.target] : [])));
    const unread = this.#unread.get(id) ?? [];
    const left = unread.filter(({ seq }) => !deleted.has(seq));
    if (left.length < unread.length) this.#forget(id, left);
  }

  #takeNotification(notification: NotificationItem): void {
    const state = this.#chats.state();
    const about = membershipNotice(state, notification);
    if (about !== undefined) this.#tell(about);
    const { channelId } = notification;
    const reply = replyOf(state, notification, this.#linesOf(channelId));
    if (reply !== undefined) this.#wait(channelId, [reply]);
  }

  /** Returns the loaded lines of a chat. */
  #linesOf(id: number): readonly Line[] {
    return (
      this.#chats
        .loaded()
        .find(({ channelId }) => channelId === id)
        ?.state().lines ?? []
    );
  }

  #wait(id: number, messages: readonly NewMessage[]): void {
    if (messages.length === 0 || this.quietForMs() > 0) return;
    const before = this.#unread.get(id) ?? [];
    const unread = withNews(before, messages, mostUnread);
    this.#unread.set(id, unread);
    if (unread.every((one) => before.includes(one))) return;
    this.#waiting.add(id);
    this.#timer ??= setTimeout(() => this.#tellWaiting(), graceMs);
  }

  #tellWaiting(): void {
    this.#timer = undefined;
    const { showsText } = this.settings.state();
    for (const id of this.#waiting) {
      const notice = messageNotice(this.#chats.state(), id, this.#unread.get(id) ?? [], showsText);
      if (notice !== undefined && !this.#isSeen(id)) this.#tell(notice);
    }
    this.#waiting.clear();
  }

  /** Returns whether the user looks at a chat in this tab. */
  #isSeen(id: number): boolean {
    return document.hasFocus() && this.#chats.loaded().some((chat) => chat.channelId === id && chat.isShown);
  }

  #tell(notice: SystemNotice): void {
    const { shows, playsSound } = this.settings.state();
    if (this.quietForMs() > 0) return;
    if (shows) showNotice(notice).catch(() => {}); // The browser may refuse it; the title of the window still counts.
    if (playsSound) playChime();
  }

  /** Forgets the messages that the user has read, here or on another device. */
  #forgetRead(): void {
    const { items } = this.#chats.state();
    for (const [id, messages] of this.#unread) {
      const readSeq = items[id]?.readSeq ?? Number.MAX_SAFE_INTEGER;
      if (messages.every(({ seq }) => seq <= readSeq)) this.#forget(id, []);
    }
  }

  /** Keeps the messages in `left`, and closes the notification of their chat, because it shows others too. */
  #forget(id: number, left: readonly NewMessage[]): void {
    if (left.length > 0) this.#unread.set(id, left);
    else this.#unread.delete(id);
    closeNotices(chatTag(id)).catch(() => {});
  }
}
