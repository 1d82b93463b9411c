# Makes OUTPUT, a C++ source with the page of `lathe report` as one text: the files of PAGE, in D3.
# Run as a script: cmake -DPAGE=core/report/page -DD3=d3.min.js -DOUTPUT=x.cpp -P this
cmake_policy(VERSION 3.25)
set(scripts base trials front importance parallel choices tables curves main)

file(READ ${PAGE}/page.html page)
file(READ ${PAGE}/page.css style)
file(READ ${PAGE}/d3-licence.txt licence)
file(READ ${D3} d3)
set(script "")
foreach(name ${scripts})
  file(READ ${PAGE}/${name}.js part)
  string(APPEND script "${part}\n")
endforeach()
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")
string(REPLACE "@LICENCE@" "${licence}" page "${page}")
string(REPLACE "@D3@" "${d3}" page "${page}")
file(WRITE ${OUTPUT} "#include \"core/report/page/page.hpp\"
const std::string_view lathe::kPageTemplate = R\"lathe~(${page})lathe~\";
")
