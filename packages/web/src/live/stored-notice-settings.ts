import { type NoticeSettings, noticeSettingsOf, quietSettings } from '../state/notice-settings.js';
import { Store } from '../state/store.js';
import { type BrowserDatabase, putFor } from '../storage/database.js';

const key = 'notices';

/** The settings of notifications in this browser, the same in every tab. */
export class StoredNoticeSettings {
  readonly #database: BrowserDatabase;
  readonly #me: string;
  readonly #onUnsaved: () => void;
  readonly #tabs: BroadcastChannel;
  readonly #store = new Store<NoticeSettings, NoticeSettings>((_, settings) => settings, quietSettings);

  constructor(database: BrowserDatabase, me: string, onUnsaved: () => void) {
    this.#database = database;
    this.#me = me;
    this.#onUnsaved = onUnsaved;
    this.#tabs = new BroadcastChannel(`parley notices ${me}`);
    this.#tabs.onmessage = ({ data }: MessageEvent<unknown>) => this.#store.dispatch(noticeSettingsOf(data));
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  async start(): Promise<void> {
    const stored = await this.#database.get('settings', key).catch(() => undefined);
    if (stored !== undefined) this.#store.dispatch(noticeSettingsOf(stored));
  }

  /** Changes settings in every tab, and stores them. */
  async change(change: Partial<NoticeSettings>): Promise<void> {
    const settings = { ...this.state(), ...change };
    this.#store.dispatch(settings);
    this.#tabs.postMessage(settings);
    await putFor(this.#database, this.#me, 'settings', settings, key).catch(this.#onUnsaved);
  }

  close(): void {
    this.#tabs.close();
  }
}
