// What a process that the host forked to run plugins in takes for its own.
#pragma once

namespace lathe {

// What plugins' functions change is put back, from now on, to what it is now: the process has got
// streams and signals of its own. REQUIRES: no plugin's function runs.
void remember_host_state();

// Who ends the process, by a signal or by exit(), is written to that descriptor, eg: "pass 'prune'
// of 'prune.so' in run()", "... called exit()". The process then ends as it would by itself. Until
// work_is_done().
void watch_plugins_of_forked(int words);

}  // namespace lathe
