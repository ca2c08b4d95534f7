import { useCallback, useSyncExternalStore } from 'react';
import type { OperatorSession } from '../../live/operator-session.js';
import type { PreferenceStore } from '../../live/preference-store.js';
import { type AdminPlace, adminPlaceOf, adminSections } from '../../state/admin.js';
import { adminWords } from '../../words/admin.js';
import { isLanguage, languages } from '../../words/languages.js';
import { words } from '../../words/words.js';
import { useWatched } from '../hooks.js';
import { Mark } from '../mark.js';
import { NewPassword } from '../new-password.js';
import { AdminSignIn } from './admin-sign-in.js';
import { AuditSection } from './audit.js';
import { ChannelsSection } from './channels.js';
import { HoldsSection } from './holds.js';
import { OperatorContext } from './operator-context.js';
import { PeopleSection } from './people.js';
import { ReportsSection } from './reports.js';
import { ServersSection } from './servers.js';

interface AdminAppProps {
  readonly session: OperatorSession;
  readonly preferences: PreferenceStore;
}

/** The root component of the admin page. */
export function AdminApp({ session, preferences }: AdminAppProps) {
  const { language } = useWatched(preferences);
  const now = useWatched(session);
  const { operator } = session;
  if (now.state === 'in' && operator !== undefined)
    return (
      <OperatorContext value={operator}>
        <AdminFrame key={language} {...{ session, preferences }} userId={now.session.userId} />
      </OperatorContext>
    );
  if (now.state === 'restricted') return <NewPassword auth={session} />;
  return now.state === 'out' ? <AdminSignIn key={language} session={session} notice={now.notice} /> : null;
}

function subscribeHash(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

function useAdminPlace(): AdminPlace {
  return adminPlaceOf(useSyncExternalStore(subscribeHash, () => location.hash));
}

function AdminFrame({ session, preferences, userId }: AdminAppProps & { userId: string }) {
  const { title } = adminWords();
  const place = useAdminPlace();
  const signOut = useCallback(() => void session.signOut(), [session]);
  return (
    <div className="admin">
      <header>
        <Mark size={24} />
        <h1>{title}</h1>
        <LanguageChoice preferences={preferences} />
        <span className="hint">{userId}</span>
        <button type="button" className="quiet" onClick={signOut}>
          {words().entry.signOut}
        </button>
      </header>
      <Tabs current={place.section} />
      <main>
        <Section place={place} />
      </main>
    </div>
  );
}

function Tabs({ current }: { current: AdminPlace['section'] }) {
  const say = adminWords();
  return (
    <nav aria-label={say.sections}>
      {adminSections.map((name) => (
        <a key={name} href={`#${name}`} aria-current={name === current ? 'page' : undefined}>
          {say[name].tab}
        </a>
      ))}
    </nav>
  );
}

function Section({ place: { section, text } }: { place: AdminPlace }) {
  if (section === 'people') return <PeopleSection key={text} text={text} />;
  if (section === 'channels') return <ChannelsSection />;
  if (section === 'reports') return <ReportsSection />;
  if (section === 'holds') return <HoldsSection />;
  return section === 'audit' ? <AuditSection /> : <ServersSection />;
}

function LanguageChoice({ preferences }: { preferences: PreferenceStore }) {
  const { language } = useWatched(preferences);
  return (
    <select
      aria-label={adminWords().language}
      value={language}
      onChange={({ target }) => isLanguage(target.value) && preferences.change({ language: target.value })}
    >
      {Object.entries(languages).map(([tag, name]) => (
        <option key={tag} value={tag}>
          {name}
        </option>
      ))}
    </select>
  );
}
