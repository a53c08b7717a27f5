cmake_minimum_required(VERSION 3.25)
# Run as: cmake -DBUILD=<build folder> -DPREFIX=<folder to install to> -P install_test.cmake
# The installed pecia must run from there, with the programs that it starts.
file(REMOVE_RECURSE "${PREFIX}")
set(ENV{PECIA_LIBEXEC_DIR})
execute_process(COMMAND ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${PREFIX}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${PREFIX}/bin/pecia" --version COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${PREFIX}/bin/pecia" doctor "${PREFIX}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${PREFIX}/bin/pecia" run "${PREFIX}/share/pecia/jobs/sample.yaml" --dry-run
  --set "run=${PREFIX}/run" COMMAND_ERROR_IS_FATAL ANY)
foreach(file IN ITEMS share/pecia/jobs/example.yaml share/pecia/slurm/pecia.sbatch share/pecia/slurm/submit.sh share/pecia/slurm/lib.sh share/pecia/slurm/site.example.sh share/doc/pecia/README.md share/doc/pecia/docs/formats.md)
  if(NOT EXISTS "${PREFIX}/${file}")
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()
execute_process(COMMAND "${PREFIX}/share/pecia/slurm/submit.sh" --help OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE "${PREFIX}")
