# shellcheck shell=bash disable=SC2034
# What every pecia job of your site needs. Copy it to site.sh beside it (or name your copy in PECIA_SITE) and
# take out the # where your site differs. Read by submit.sh on the login node and by the batch scripts on the nodes.

# ---- for submit.sh
# SCRIPT=pecia.sbatch                    # GPU nodes; pecia-cpu.sbatch, or pecia-mpirun.sbatch where srun has no PMIx
# SBATCH_OPTIONS=(--account=library --partition=gpu-preempt --nodes=2)
# EXPORT_OPTIONS=(--account=library --partition=cpu)

# ---- on the nodes
# PECIA=/software/pecia/bin/pecia        # unless it is in PATH after the modules are loaded
# load_modules() { module load gcc openmpi hdf5 pecia; }
# SRUN_MPI=pmix                          # srun --mpi=list says what there is
# MPIRUN_FLAGS=(--mca btl_tcp_if_include ib0)

# ---- restarts
# MAX_RESTARTS_WITHOUT_PROGRESS=5        # then the job gives up; a page that kills its rank is found out in four
# MIN_RUN_S=60                           # a start that lived shorter waits so long before it goes back into the queue
# END_S=60                               # so long a launcher may stay after the run has ended
# SILENT_S=300                           # so long a run may neither renew its lock nor finish a page
# START_S=1800                           # so long listing the corpus may take
# ANSWER_S=900                           # so long the run and Slurm's controller are asked where they do not answer
# POLL_S=15                              # how often the run is looked at for these
