//! Seccomp: system calls that the agent never needs fail with `EPERM` (seccomp(2)).
//!
//! What is left out is listed rather than what is needed, since the libraries' needs change.

use std::env::consts::ARCH;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};

/// Denies the calls to all threads. False where there is no filter for this processor.
///
/// # Errors
///
/// When the kernel has no seccomp, or refuses.
pub(super) fn confine() -> Result<bool, seccompiler::Error> {
    let Ok(processor) = ARCH.try_into() else {
        return Ok(false);
    };
    let filter = SeccompFilter::new(
        (DENIED.iter().copied())
            .flat_map(numbers)
            .chain(foreign())
            .map(|call| (call, Vec::new()))
            .collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(EPERM),
        processor,
    )?;
    let program: BpfProgram = filter.try_into()?;
    apply_filter_all_threads(&program)?;
    Ok(true)
}

/// A call's number, and on x86-64 the one by which the x32 ABI has the same call.
fn numbers(call: libc::c_long) -> impl Iterator<Item = i64> {
    let x32 = (ARCH == "x86_64").then_some(call | X32);
    [call].into_iter().chain(x32)
}

/// Calls that the x32 ABI has under numbers of its own: `execve`, `ptrace`, `kexec_load`,
/// `process_vm_readv`, `process_vm_writev`, `execveat` (Linux, `syscall_64.tbl`).
fn foreign() -> impl Iterator<Item = i64> {
    let calls: &[i64] = match ARCH {
        "x86_64" => &[520, 521, 528, 539, 540, 545],
        _ => &[],
    };
    calls.iter().map(|call| call | X32)
}

/// `__X32_SYSCALL_BIT` of Linux.
const X32: i64 = 0x4000_0000;
const EPERM: u32 = 1;

const DENIED: &[libc::c_long] = &[
    // Programs.
    libc::SYS_execve,
    libc::SYS_execveat,
    // Other processes' memory and descriptors.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // File systems and name spaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_personality,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    // The kernel's keyrings.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
];
