# The public suffix list becomes a table in the library.
find_file(PUBLIC_SUFFIX_LIST public_suffix_list.dat PATHS /usr/share/publicsuffix NO_DEFAULT_PATH REQUIRED)
add_executable(suffixes ${CMAKE_CURRENT_LIST_DIR}/build/suffixes.c)
target_link_libraries(suffixes PRIVATE odw_flags ${IDN2_ARCHIVE} ${UNISTRING_ARCHIVE})
set(table ${CMAKE_CURRENT_BINARY_DIR}/url/suffix_table.c)
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/url)
add_custom_command(OUTPUT ${table} COMMAND suffixes ${PUBLIC_SUFFIX_LIST} > ${table} DEPENDS suffixes ${PUBLIC_SUFFIX_LIST} VERBATIM)
list(APPEND sources ${table})
