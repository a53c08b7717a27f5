# A working tree below the prefix: bin/pecia, the programs that it starts in libexec/pecia (where it looks for
# them), job files and batch scripts, papers.
include(GNUInstallDirs)
get_property(programs GLOBAL PROPERTY PECIA_PROGRAMS)
list(REMOVE_ITEM programs pecia)
set_target_properties(pecia ${programs} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS pecia RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ${programs} RUNTIME DESTINATION libexec/pecia)
install(DIRECTORY jobs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/pecia/jobs PATTERN "*.sh" EXCLUDE)
install(PROGRAMS slurm/pecia.sbatch slurm/pecia-cpu.sbatch slurm/pecia-mpirun.sbatch slurm/export.sbatch slurm/submit.sh
  DESTINATION ${CMAKE_INSTALL_DATADIR}/pecia/slurm)
install(FILES slurm/lib.sh slurm/site.example.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/pecia/slurm)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})  # where README's links expect it
install(FILES README.md LICENSE NOTICE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
