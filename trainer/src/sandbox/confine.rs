//! What a process does to itself before it becomes a program that nobody has read. None of it can be undone.

use super::SandboxError;
use std::ffi::OsString;
use std::path::PathBuf;

/// The walls of one program.
#[derive(Clone, Debug)]
pub struct Confinement {
    /// The only folder that it may write.
    pub folder: PathBuf,
    /// What it may read beside its folder and the system's libraries.
    pub read: Vec<PathBuf>,
    /// Of computing time.
    pub seconds: u64,
    pub memory_mib: u64,
    pub file_mib: u64,
}

#[cfg(not(target_os = "linux"))]
pub fn become_program(_: &Confinement, _: &[OsString]) -> SandboxError {
    SandboxError::Confinement { detail: "this is not Linux".to_owned() }
}

#[cfg(target_os = "linux")]
pub use linux::become_program;

#[cfg(target_os = "linux")]
mod linux {
    use super::{Confinement, OsString, SandboxError};
    use landlock::{
        ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
        RulesetCreatedAttr, RulesetStatus, path_beneath_rules,
    };
    use rustix::process::{Resource, Rlimit, setrlimit};
    use seccompiler::{
        BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch, apply_filter,
    };
    use std::collections::BTreeMap;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    /// Where systems keep their libraries.
    const LIBRARIES: [&str; 5] = ["/usr", "/lib", "/lib64", "/nix/store", "/gnu/store"];
    /// Single files that the loader and the clock read.
    const FILES: [&str; 5] = ["/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", "/dev/random", "/dev/zero"];
    const OPEN_FILES: u64 = 64;
    /// Newer than the crate `libc` on some machines; the number is the same on all.
    const SYS_FCHMODAT2: i64 = 452;
    /// Bits of the flags of `open` that say whether to read or write. C libraries add others to their `O_ACCMODE`.
    const ACCESS_MODE: u64 = 3;

    /// Puts up the walls and becomes the program; returns only when it cannot.
    pub fn become_program(walls: &Confinement, program: &[OsString]) -> SandboxError {
        let Some((name, arguments)) = program.split_first() else {
            return SandboxError::Confinement { detail: "there is no program".to_owned() };
        };
        let up = limit_files(walls).and_then(|()| limit_calls()).and_then(|()| limit_resources(walls));
        match up {
            Ok(()) => Command::new(name).args(arguments).exec().into(),
            Err(detail) => SandboxError::Confinement { detail },
        }
    }

    /// Landlock: reading of libraries, writing of the folder. All of its first version must be there. Truncating is covered by
    /// the third; for kernels before it, the filter refuses what truncates a file that was not opened to be written.
    fn limit_files(walls: &Confinement) -> Result<(), String> {
        let (least, all, read) =
            (AccessFs::from_all(ABI::V1), AccessFs::from_all(ABI::V3), AccessFs::from_read(ABI::V1));
        let file = |path: &str, access: BitFlags<AccessFs>| Some(PathBeneath::new(PathFd::new(path).ok()?, access));
        let enforced = || -> Result<RulesetStatus, landlock::RulesetError> {
            let mut rules = Ruleset::default()
                .set_compatibility(CompatLevel::HardRequirement)
                .handle_access(least)?
                .set_compatibility(CompatLevel::BestEffort)
                .handle_access(all)?
                .create()?
                .add_rules(path_beneath_rules(LIBRARIES, read))?
                .add_rules(path_beneath_rules(&walls.read, read))?
                .add_rules(path_beneath_rules([&walls.folder], all))?;
            for path in FILES {
                if let Some(rule) = file(path, AccessFs::ReadFile.into()) {
                    rules = rules.add_rule(rule)?;
                }
            }
            if let Some(rule) = file("/dev/null", AccessFs::ReadFile | AccessFs::WriteFile) {
                rules = rules.add_rule(rule)?;
            }
            Ok(rules.restrict_self()?.ruleset)
        };
        match enforced() {
            // Without its first version there is an error; so "partially" lacks only what came later.
            Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
            Ok(status) => Err(format!("Landlock is {status:?}")),
            Err(error) => Err(format!("Landlock: {error}")),
        }
    }

    /// There is no limit on processes: it counts those of the whole user. The filter lets none begin.
    fn limit_resources(walls: &Confinement) -> Result<(), String> {
        let limits = [
            // At the first it is told by a signal that says why; at the second it is killed by one that does not.
            (Resource::Cpu, walls.seconds, walls.seconds + 1),
            (Resource::As, walls.memory_mib << 20, walls.memory_mib << 20),
            (Resource::Fsize, walls.file_mib << 20, walls.file_mib << 20),
            (Resource::Nofile, OPEN_FILES, OPEN_FILES),
            (Resource::Core, 0, 0),
        ];
        limits.into_iter().try_for_each(|(resource, current, maximum)| {
            setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })
                .map_err(|e| format!("{resource:?}: {e}"))
        })
    }

    /// The filters of system calls. Where several match, the strictest decides.
    fn limit_calls() -> Result<(), String> {
        let own = u64::from(std::process::id());
        let filters = [
            (fatal(), SeccompAction::KillProcess),
            (refused(own), SeccompAction::Errno(libc::EPERM as u32)),
            // Their flags lie in memory, where no filter sees them; libraries then use `clone` and `openat`.
            (all(&[libc::SYS_clone3, libc::SYS_openat2]).map_err(told), SeccompAction::Errno(libc::ENOSYS as u32)),
        ];
        for (rules, action) in filters {
            apply(rules?, action)?;
        }
        Ok(())
    }

    type Rules = BTreeMap<i64, Vec<SeccompRule>>;

    fn apply(rules: Rules, action: SeccompAction) -> Result<(), String> {
        let program = || -> Result<BpfProgram, BackendError> {
            let machine: TargetArch = std::env::consts::ARCH.try_into()?;
            SeccompFilter::new(rules, SeccompAction::Allow, action, machine)?.try_into()
        };
        apply_filter(&program().map_err(told)?).map_err(|e| format!("seccomp: {e}"))
    }

    fn told(error: BackendError) -> String {
        format!("seccomp: {error}")
    }

    /// Calls that end the program: new processes but threads, sockets but local ones, looking into others.
    fn fatal() -> Result<Rules, String> {
        let no_thread = condition(0, SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64), 0);
        let no_local = condition(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64);
        let mut rules = all(&[libc::SYS_ptrace]).map_err(told)?;
        #[cfg(target_arch = "x86_64")]
        rules.extend(all(&[libc::SYS_fork, libc::SYS_vfork]).map_err(told)?);
        rules.extend(only(libc::SYS_clone, vec![no_thread]).map_err(told)?);
        rules.extend(only(libc::SYS_socket, vec![no_local]).map_err(told)?);
        Ok(rules)
    }

    /// Calls that fail: signals to others, leaving the group in which it is ended, changes of the system, and of files in ways
    /// that Landlock does not see, memory that no limit counts, folders that only it may look into.
    fn refused(own: u64) -> Result<Rules, String> {
        let mut rules = all(&REFUSED).map_err(told)?;
        #[cfg(target_arch = "x86_64")]
        rules.extend(all(&REFUSED_HERE).map_err(told)?);
        let other = || condition(0, SeccompCmpOp::Ne, own);
        for call in [libc::SYS_kill, libc::SYS_tgkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo] {
            rules.extend(only(call, vec![other()]).map_err(told)?);
        }
        let not_itself = condition(0, SeccompCmpOp::Ne, 0);
        rules.extend(only(libc::SYS_prlimit64, vec![other(), not_itself]).map_err(told)?);
        rules.extend(only(libc::SYS_socket, vec![condition(0, SeccompCmpOp::Eq, libc::AF_UNIX as u64)]).map_err(told)?);
        #[cfg(target_arch = "x86_64")]
        rules.extend(any(libc::SYS_open, truncating(1)).map_err(told)?);
        rules.extend(any(libc::SYS_openat, truncating(2)).map_err(told)?);
        #[cfg(target_arch = "x86_64")]
        rules.extend(any(libc::SYS_mkdir, hiding(1)).map_err(told)?);
        rules.extend(any(libc::SYS_mkdirat, hiding(2)).map_err(told)?);
        Ok(rules)
    }

    /// Flags of an opened file that let it be truncated though it is not opened to be written: access mode 3, which is neither
    /// reading nor writing, and reading with `O_TRUNC`.
    fn truncating(flags: u8) -> Vec<Condition> {
        let truncates = libc::O_TRUNC as u64;
        vec![
            condition(flags, SeccompCmpOp::MaskedEq(ACCESS_MODE), ACCESS_MODE),
            condition(flags, SeccompCmpOp::MaskedEq(ACCESS_MODE | truncates), truncates),
        ]
    }

    /// Modes of a new folder that keep its owner out: it could be neither measured nor removed. `umask` would do the same.
    fn hiding(mode: u8) -> Vec<Condition> {
        [0o400, 0o200, 0o100].map(|right| condition(mode, SeccompCmpOp::MaskedEq(right), 0)).into()
    }

    const REFUSED: [i64; 68] = [
        libc::SYS_tkill,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
        libc::SYS_pidfd_getfd,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_perf_event_open,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_userfaultfd,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_open_tree,
        libc::SYS_mount_setattr,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_reboot,
        libc::SYS_kexec_load,
        libc::SYS_kexec_file_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_acct,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_clock_adjtime,
        libc::SYS_adjtimex,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_quotactl,
        libc::SYS_open_by_handle_at,
        libc::SYS_truncate,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        SYS_FCHMODAT2,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_setxattr,
        libc::SYS_lsetxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_lremovexattr,
        libc::SYS_fremovexattr,
        libc::SYS_utimensat,
        libc::SYS_setpriority,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setattr,
        libc::SYS_personality,
        libc::SYS_syslog,
        libc::SYS_mknodat,
        libc::SYS_ioprio_set,
        libc::SYS_setpgid,
        libc::SYS_setsid,
        libc::SYS_shmget,
        libc::SYS_msgget,
        libc::SYS_semget,
        libc::SYS_mq_open,
        libc::SYS_memfd_create,
        libc::SYS_umask,
    ];

    /// Older forms of the same.
    #[cfg(target_arch = "x86_64")]
    const REFUSED_HERE: [i64; 9] = [
        libc::SYS_chmod,
        libc::SYS_chown,
        libc::SYS_lchown,
        libc::SYS_utime,
        libc::SYS_utimes,
        libc::SYS_futimesat,
        libc::SYS_iopl,
        libc::SYS_ioperm,
        libc::SYS_mknod,
    ];

    type Condition = Result<SeccompCondition, BackendError>;

    /// A condition on an argument of 32 bits.
    fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Condition {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
    }

    /// Numbers under which a call is known: x86-64 has a second set of them (x32).
    fn numbers(call: i64) -> impl Iterator<Item = i64> {
        let second = cfg!(target_arch = "x86_64").then_some(call | 0x4000_0000);
        [call].into_iter().chain(second)
    }

    /// These calls, whatever their arguments.
    fn all(calls: &[i64]) -> Result<Rules, BackendError> {
        Ok(calls.iter().flat_map(|call| numbers(*call)).map(|number| (number, Vec::new())).collect())
    }

    /// A call whose arguments fulfil one of the conditions.
    fn any(call: i64, conditions: Vec<Condition>) -> Result<Rules, BackendError> {
        let rules = conditions.into_iter().map(|condition| SeccompRule::new(vec![condition?]));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        Ok(numbers(call).map(|number| (number, rules.clone())).collect())
    }

    /// A call whose arguments fulfil all conditions.
    fn only(call: i64, conditions: Vec<Condition>) -> Result<Rules, BackendError> {
        let rule = SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)?;
        Ok(numbers(call).map(|number| (number, vec![rule.clone()])).collect())
    }
}
