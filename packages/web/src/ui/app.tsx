import type { Auth } from '../live/auth.js';
import type { PageUpdates } from '../live/page-updates.js';
import type { PreferenceStore } from '../live/preference-store.js';
import { useWatched } from './hooks.js';
import { NewPassword } from './new-password.js';
import { NewVersion } from './new-version.js';
import { Overlays } from './overlays.js';
import { SignIn } from './sign-in.js';
import { PreferencesContext, WorkspaceContext } from './workspace-context.js';
import { WorkspaceView } from './workspace-view.js';

interface AppProps {
  readonly auth: Auth;
  readonly preferences: PreferenceStore;
  readonly updates: PageUpdates;
}

/** The root component. */
export function App({ updates, ...session }: AppProps) {
  return (
    <>
      <SessionView {...session} />
      <NewVersion updates={updates} />
    </>
  );
}

function SessionView({ auth, preferences }: Omit<AppProps, 'updates'>) {
  const { language } = useWatched(preferences);
  const session = useWatched(auth);
  const { workspace } = auth;
  if (session.state === 'in' && workspace !== undefined) {
    return (
      <PreferencesContext value={preferences}>
        <WorkspaceContext value={workspace}>
          <Overlays key={session.session.token}>
            <WorkspaceView key={language} onSignOut={() => auth.signOut()} />
          </Overlays>
        </WorkspaceContext>
      </PreferencesContext>
    );
  }
  if (session.state === 'restricted') return <NewPassword auth={auth} />;
  return session.state === 'out' ? <SignIn key={language} auth={auth} notice={session.notice} /> : null;
}
