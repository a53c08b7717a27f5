# A working tree below the prefix: bin/pecia, the programs that it starts in libexec/pecia (where it looks for
# them), job files and batch scripts, papers.
include(GNUInstallDirs)
get_property(programs GLOBAL PROPERTY PECIA_PROGRAMS)
foreach(program IN LISTS programs)
  set_target_properties(${program} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  set(place libexec/pecia)
  if(program STREQUAL "pecia")
    set(place ${CMAKE_INSTALL_BINDIR})
  endif()
  install(TARGETS ${program} RUNTIME DESTINATION ${place})
endforeach()
if(PECIA_PARTS STREQUAL "engine")
  return()
endif()
install(DIRECTORY jobs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/pecia/jobs PATTERN "*.sh" EXCLUDE)
install(PROGRAMS slurm/pecia.sbatch slurm/pecia-cpu.sbatch slurm/pecia-mpirun.sbatch slurm/export.sbatch slurm/submit.sh
  DESTINATION ${CMAKE_INSTALL_DATADIR}/pecia/slurm)
install(FILES slurm/lib.sh slurm/site.example.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/pecia/slurm)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})  # where README's links expect it
install(FILES README.md LICENSE NOTICE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
